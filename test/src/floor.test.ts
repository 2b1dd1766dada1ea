/** Our result beside floor.sql's, from the same source, column by column. At scale 1 with FLOOR_SCALE=1. */
import { entities } from "@nexus/catalog";
import { counts } from "@nexus/local/sample";
import { startPostgres, startRedis } from "@nexus/shared/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { differences, makeFloor } from "./beside-the-floor.ts";
import { type Journey, openJourney } from "./journey.ts";
import { oneDatabase } from "./one-database.ts";

const scale = Number(process.env["FLOOR_SCALE"] ?? "0.05");

const postgres = await startPostgres();
const redis = await startRedis();

// Needs psql and a server whose log and databases are ours; what is not installed is named in the closing lines.
describe.skipIf(!postgres.found || !redis.found)("the target beside the floor", () => {
  let journey: Journey;
  let exceptions = 0;

  beforeAll(async () => {
    if (!postgres.found || !redis.found) return;
    journey = await openJourney(oneDatabase(postgres, await redis.database()), {
      sample: { scale, schema: "legacy" },
      loaders: 2,
    });
    const progress = await journey.completed(await journey.begin(), 600_000);
    exceptions = progress.reduce((sum, { rejected, parked }) => sum + rejected + parked, 0);
    await makeFloor(postgres, journey.stack.targetUrl);
  }, 900_000);
  afterAll(async () => {
    await journey?.close();
    if (postgres.found) await postgres.stop();
    if (redis.found) await redis.stop();
  });

  it("has a target row or an exception for every source row and every project's case", async () => {
    const rows = await Promise.all(
      entities.map(({ target }) => count(journey, `public.${target.table}`)),
    );
    const { sourceRows, projects } = counts(scale);
    expect(rows.reduce((sum, n) => sum + n, 0) + exceptions).toBe(sourceRows + projects);
  });

  it.each(entities.map((entity) => [entity.target.table, entity] as const))(
    "has the floor's rows in %s, ids included",
    async (table, entity) => {
      expect(await count(journey, `public.${table}`)).toBeGreaterThan(0);
      expect(await differences(journey.target, entity, 20)).toEqual([]);
    },
  );

  it("has every foreign key, validated and switched on", async () => {
    const { rows } = await journey.target.query<{ from: string; to: string }>(
      `select c.conrelid::regclass::text || '.' || a.attname as "from", c.confrelid::regclass::text as "to"
       from pg_constraint c join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
       where c.contype = 'f' and c.convalidated and not c.condeferrable and c.connamespace = 'public'::regnamespace
         and not exists (select from pg_trigger t where t.tgconstraint = c.oid and t.tgenabled = 'D')
       order by 1`,
    );
    const wanted = entities.flatMap(({ target }) =>
      Object.entries(target.columns).flatMap(([column, { references }]) =>
        references === undefined ? [] : [{ from: `${target.table}.${column}`, to: references }],
      ),
    );
    expect(rows.filter(({ from }) => !from.startsWith("ai_embeddings"))).toEqual(
      wanted.sort((a, b) => (a.from < b.from ? -1 : 1)),
    );
  });
});

async function count({ target }: Journey, table: string): Promise<number> {
  const { rows } = await target.query<{ count: number }>(`select count(*) from ${table}`);
  return rows[0]?.count ?? -1;
}
