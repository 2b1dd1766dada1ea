/** Columns of other types than usual: of what holds exactly the same values the twins expect exactly the same. */
import { entities, inDependencyOrder, parseCodes } from "@nexus/catalog";
import { openTwins } from "@nexus/extractor/twins";
import { makeSample } from "@nexus/local/sample";
import { inTransaction, type Pool, readSourceShape } from "@nexus/shared/database";
import { migrateTarget } from "@nexus/shared/ledger";
import { startPostgres } from "@nexus/shared/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sameValues } from "./alterations.ts";
import { alter, openSource } from "./reading.ts";

const postgres = await startPostgres();
afterAll(async () => {
  if (postgres.found) await postgres.stop();
});

const ALL = { from: Number.MIN_SAFE_INTEGER, to: Number.MAX_SAFE_INTEGER };

/** What the twins expect of a source, row by row, but for who wrote it. */
type Expected = Readonly<Record<string, readonly string[]>>;

async function expectedOf(legacy: Pool, target: Pool): Promise<Expected> {
  const shape = await readSourceShape(legacy, "UTC");
  const twins = await openTwins({ legacy, target, shape, codes: parseCodes() });
  const all: Record<string, readonly string[]> = {};
  try {
    for (const entity of inDependencyOrder(entities))
      all[entity.name] = await twins.expecting(entity, ALL, async (tx) => {
        await twins.keep(entity);
        const { rows } = await tx.query<{ row: string }>(
          "select (to_jsonb(e) - 'since')::text as row from expected e order by source_key",
        );
        return rows.map(({ row }) => row);
      });
  } finally {
    await twins.close();
  }
  return all;
}

// Each alteration has a database of its own, made from a template by a server of ours; what is not installed is named in the closing lines.
describe.skipIf(!postgres.found).each(["real", "reported"] as const)(
  "the twins of a source of the %s shape",
  (shape) => {
    let template: string;
    let target: Pool;
    let usual: Expected;

    beforeAll(async () => {
      if (!postgres.found) return;
      target = openSource(await postgres.database("target"));
      await migrateTarget({ target, entities });
      template = await postgres.database(shape);
      await makeSample({ url: template, scale: 0.005, seed: 7, shape });
      const legacy = openSource(template);
      usual = await expectedOf(legacy, target);
      await legacy.end();
      expect(Object.values(usual).every((rows) => rows.length > 0)).toBe(true);
    });
    afterAll(() => target?.end());

    it.each(sameValues[shape])("with $columns of type $to expect the same", async (alteration) => {
      if (!postgres.found) return;
      const url = await postgres.database("altered", { template });
      const legacy = openSource(url);
      try {
        await inTransaction(legacy, (tx) => alter(tx, alteration));
        const expected = await expectedOf(legacy, target);
        for (const [entity, rows] of Object.entries(usual))
          expect(expected[entity], entity).toEqual(rows);
      } finally {
        await legacy.end();
        await postgres.drop(url);
      }
    });
  },
);
