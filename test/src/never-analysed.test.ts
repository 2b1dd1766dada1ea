/** A source whose planner knows nothing of its tables is read with no more effort than one that was analysed. */
import { entities, extractionSql } from "@nexus/catalog";
import { makeSample, type Shape } from "@nexus/local/sample";
import { openPool, type Pool, readSourceShape } from "@nexus/shared/database";
import { startPostgres } from "@nexus/shared/testing";
import { afterAll, describe, expect, it } from "vitest";

const postgres = await startPostgres({ settings: { autovacuum: "off" } });
afterAll(async () => {
  if (postgres.found) await postgres.stop();
});

/** What a server knows of tables that were never analysed nor vacuumed: no statistics, no pages, and rows unknown (PostgreSQL 14 on) or none. */
const UNKNOWN = `delete from pg_statistic where starelid >= 16384;
  update pg_class set relpages = 0, relallvisible = 0,
    reltuples = case when relkind = 'r' and current_setting('server_version_num')::integer >= 140000 then -1 else 0 end
  where oid >= 16384 and relkind in ('r', 'i')`;

interface Plan {
  readonly Plan: { readonly "Shared Hit Blocks": number; readonly "Shared Read Blocks": number };
}

async function thousandth(legacy: Pool, table: string): Promise<number> {
  const { rows } = await legacy.query<{ id: number }>(
    `select max(id) as id from (select id from ${table} order by id limit 1000) page`,
  );
  return rows[0]?.id ?? 0;
}

/** Pages that the server looks at to read the first thousand rows of each entity. */
async function pagesOf(legacy: Pool): Promise<Record<string, number>> {
  const shape = await readSourceShape(legacy);
  const pages: Record<string, number> = {};
  for (const entity of entities) {
    const sql = extractionSql(entity, shape, "range");
    const { rows } = await legacy.query<{ "QUERY PLAN": string }>(
      `explain (analyze, buffers, timing off, format json) ${sql}`,
      [0, await thousandth(legacy, entity.source.table)],
    );
    const [plan]: Plan[] = JSON.parse(rows[0]?.["QUERY PLAN"] ?? "[]");
    pages[entity.name] =
      (plan?.Plan["Shared Hit Blocks"] ?? 0) + (plan?.Plan["Shared Read Blocks"] ?? 0);
  }
  return pages;
}

// Needs a real PostgreSQL: what its planner does without statistics is what is looked at.
describe.skipIf(!postgres.found).each<Shape>(["real", "reported"])(
  "a source of the %s shape",
  (shape) => {
    it("is read in as many pages before it is analysed as after", async () => {
      if (!postgres.found) return;
      const url = await postgres.database(shape);
      const legacy = openPool({ url, max: 1, name: "nexus-test", onError: () => undefined });
      try {
        await makeSample({ url, scale: 0.3, seed: 1, shape });
        await legacy.query(UNKNOWN);
        const before = await pagesOf(legacy);
        await legacy.query("analyze");
        const after = await pagesOf(legacy);
        for (const [entity, pages] of Object.entries(before))
          expect(pages, entity).toBeLessThanOrEqual(1.5 * (after[entity] ?? 0) + 1_000);
      } finally {
        await legacy.end();
      }
    });
  },
);
