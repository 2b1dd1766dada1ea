/** A third witness: what the twins expect of a sample beside what floor.sql makes of it. The floor knows the real shape only. At scale 1 with FLOOR_SCALE=1. */
import { entities, type Entity, entityNamed, inDependencyOrder, parseCodes } from "@nexus/catalog";
import { expectedColumn, openTwins, type Twins } from "@nexus/extractor/twins";
import { makeSample } from "@nexus/local/sample";
import { openPool, type Pool, type Queryable, readSourceShape } from "@nexus/shared/database";
import { migrateTarget } from "@nexus/shared/ledger";
import { startPostgres } from "@nexus/shared/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Difference, makeFloor } from "./beside-the-floor.ts";

const scale = Number(process.env["FLOOR_SCALE"] ?? "0.05");
const postgres = await startPostgres();

const ALL = { from: Number.MIN_SAFE_INTEGER, to: Number.MAX_SAFE_INTEGER };

/** When a row is loaded: the source has no such time. */
const OF_THE_LOAD = ["created_at", "updated_at"];

// Needs psql and a server of ours; what is not installed is named in the closing lines.
describe.skipIf(!postgres.found)("the twins beside the floor", () => {
  let pool: Pool;
  let legacy: Pool;
  let twins: Twins;

  beforeAll(async () => {
    if (!postgres.found) return;
    const url = await postgres.database("both");
    await makeSample({ url, scale, seed: 1, shape: "real", schema: "legacy" });
    const onError = () => undefined;
    const legacyUrl = `${url}?options=-c%20search_path%3Dlegacy`;
    pool = openPool({ url, max: 2, name: "nexus-test", onError });
    legacy = openPool({ url: legacyUrl, max: 2, name: "nexus-test", onError });
    await migrateTarget({ target: pool, entities });
    await makeFloor(postgres, url);
    const shape = await readSourceShape(legacy, "UTC");
    twins = await openTwins({ legacy, target: pool, shape, codes: parseCodes() });
  });
  afterAll(async () => {
    await twins?.close();
    await legacy?.end();
    await pool?.end();
    if (postgres.found) await postgres.stop();
  });

  // In this order: children ask what is expected of their parents.
  it.each(inDependencyOrder(entities).map((entity) => [entity.name, entity] as const))(
    "expect the floor's rows of %s, column by column",
    async (_, entity) => {
      const { rows, found } = await twins.expecting(entity, ALL, async (tx) => {
        await twins.keep(entity);
        return { rows: await countExpected(tx), found: await differences(tx, entity) };
      });
      expect(rows).toBeGreaterThan(0);
      expect(found).toEqual([]);
    },
  );
});

async function countExpected(tx: Queryable): Promise<number> {
  const { rows } = await tx.query<{ rows: number }>(
    "select count(*) as rows from expected where outcome = 'loaded'",
  );
  return rows[0]?.rows ?? 0;
}

/** Rows that differ, and in which columns; at most twenty. */
async function differences(
  tx: Queryable,
  { target: { table, key, columns } }: Entity,
): Promise<Difference[]> {
  const cells = Object.entries(columns).map(([column, { type, references }]) => {
    const expected = `e.${expectedColumn(column)}`;
    const floor = references === undefined ? `f.${column}` : keyInFloor(references, column);
    const left = OF_THE_LOAD.includes(column)
      ? `${expected} is not null and f.${column} < now() - interval '1 hour' and `
      : "";
    const cast = type.endsWith("_enum") ? "::text" : "";
    return `case when ${left}(${floor}) is distinct from ${expected}${cast} then '${column}' end`;
  });
  const { rows } = await tx.query<Difference>(
    `select * from (
       select coalesce(e.legacy_key, f.${key}) as key,
         case when e.legacy_key is null then 'not expected' when f.${key} is null then 'not in the floor'
           else array_to_string(array[${cells.join(", ")}], ', ') end as columns
       from (select * from expected where outcome = 'loaded') e
       full join floor.${table} f on f.${key} = e.legacy_key) compared
     where columns <> '' order by key limit 20`,
  );
  return rows;
}

function keyInFloor(parent: string, column: string): string {
  const { table, key } = entityNamed(entities, parent).target;
  return `select p.${key}::bigint from floor.${table} p where p.id = f.${column}`;
}
