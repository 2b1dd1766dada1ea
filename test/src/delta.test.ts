/** A delta reads what changed since it was loaded, and nothing else: over real processes, with the floor as the witness. */
import { openClient } from "@nexus/contract";
import { mutate } from "@nexus/local/sample";
import type { EntityProgress } from "@nexus/shared/ledger";
import { startPostgres, startRedis } from "@nexus/shared/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectFloor, sourceRows, sum } from "./after-delta.ts";
import { startApiHere } from "./api-here.ts";
import { type Journey, openJourney } from "./journey.ts";
import { oneDatabase } from "./one-database.ts";
import { expectSumsToClose } from "./outcomes.ts";
import { verify } from "./verify.ts";

const postgres = await startPostgres();
const redis = await startRedis();

// Needs psql and a server whose databases are ours, as the floor does; what is not installed is named in the closing lines.
describe.skipIf(!postgres.found || !redis.found)("a delta", () => {
  let journey: Journey;
  let first: readonly EntityProgress[];

  beforeAll(async () => {
    if (!postgres.found || !redis.found) return;
    journey = await openJourney(oneDatabase(postgres, await redis.database()), {
      sample: { scale: 0.1, schema: "legacy" },
      env: { BATCH_ROWS: "200" },
      loaders: 2,
    });
    first = await journey.completed(await journey.begin());
  });
  afterAll(async () => {
    await journey?.close();
    if (postgres.found) await postgres.stop();
    if (redis.found) await redis.stop();
  });

  const delta = async (): Promise<readonly EntityProgress[]> =>
    await journey.completed(await journey.begin({ mode: "delta" }));

  it("of a source that did not change reads no row, and says how many are as they were", async () => {
    const found = await delta();
    expectSumsToClose(found);
    expect(found.map(({ entity, read, unchanged }) => [entity, read, unchanged])).toEqual(
      first.map(({ entity, read }) => [entity, 0, read]),
    );
    for (const { entity, rangesCompared, rangesEqual, readWhole } of found)
      expect([entity, rangesEqual, readWhole]).toEqual([entity, rangesCompared, null]);
    expect(sum(found, "rangesCompared")).toBeGreaterThan(50);
  });

  it("finds what changed of a hundredth of the rows, and reads less than a tenth of them", async () => {
    const mutation = await mutate({
      url: journey.stack.legacyUrl.replace(/\?.*/, ""),
      seed: 5,
      share: 0.01,
      shape: "real",
      schema: "legacy",
    });
    const found = await delta();
    expectSumsToClose(found);
    const changed = Object.values(mutation).reduce(
      (rows, { updated, inserted }) => rows + updated.length + inserted.length,
      0,
    );
    expect(changed).toBeGreaterThan(100);
    expect(sum(found, "inserted") + sum(found, "updated")).toBeGreaterThan(changed * 0.9);
    expect(sum(found, "read")).toBeLessThan(sum(first, "read") / 10);
    expect(sum(found, "read") + sum(found, "unchanged")).toBe(await sourceRows(journey));
    // By the versions of their rows in one step, where ranges would be compared in five.
    const lists = await journey.target.query<{ lists: number }>(
      `select count(*) filter (where keys is not null) as lists from migration.batches
       where run_id = (select max(id) from migration.runs) and entity in ('cases', 'projects') group by entity`,
    );
    expect(lists.rows).toEqual([{ lists: 1 }, { lists: 1 }]);
    if (postgres.found) await expectFloor(journey, postgres);
  });

  it("is verified without a difference but for rows that are gone, and reported with the outcomes that its unchanged rows have", async (context) => {
    const { url } = await startApiHere(context, journey.stack);
    const api = openClient({ url });
    // Rows that are gone from the source stay, as after a full run: a policy decides about them.
    const proved = await verify(api);
    const kinds = new Set(proved.entities.flatMap((one) => Object.keys(one.kinds)));
    expect([...kinds]).toEqual(["stale_row"]);
    const { totals, summary } = await api.call("GET /v1/report");
    const parts = totals.current + totals.rejected + totals.parked + totals.excluded;
    expect([totals.expected + totals.drift, parts]).toEqual([
      await sourceRows(journey),
      await sourceRows(journey),
    ]);
    expect(totals).toMatchObject({ unaccounted: 0, unread: 0, rejected: expect.any(Number) });
    expect(totals.rejected).toBeGreaterThan(0);
    expect(summary.join(" ")).not.toMatch(/does not close/);
  });

  it("then reads nothing again", async () => {
    const found = await delta();
    expect(sum(found, "read")).toBe(0);
    expect(sum(found, "unchanged")).toBe(await sourceRows(journey));
  });
});
