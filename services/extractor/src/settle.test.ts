import {
  type BatchCounts,
  entitiesIn,
  failBatch,
  finishBatch,
  markQueued,
} from "@nexus/shared/ledger";
import { loadingEntity, runningRun } from "@nexus/shared/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { extractorUnderTest, runOf } from "./extractor.fixture.ts";
import { settle } from "./settle.ts";
import type { Deps } from "./deps.ts";

const COUNTS: BatchCounts = {
  read: 2,
  loaded: 2,
  inserted: 2,
  updated: 0,
  rejected: 0,
  parked: 0,
  noted: 0,
};

let deps: Deps;
let batch: number;

/** One batch on offer, whose two rows are in the target. */
beforeEach(async (context) => {
  deps = await extractorUnderTest(context);
  const runId = await runningRun(deps.target, ["practices"]);
  [batch = 0] = await loadingEntity(deps.target, runId, "practices", 1);
  await markQueued(deps.target, runId, "practices", 1);
  await deps.target.query(
    "insert into public.practices (legacy_id, name) values (1, 'a'), (2, 'b')",
  );
});

/** Settles, and returns the status of the entity with the checks that did not pass. */
async function settled(): Promise<unknown[]> {
  const run = await runOf(deps);
  await settle(deps, run);
  const failed = await deps.target.query<{ name: string }>(
    "select name from migration.validations where not passed order by name",
  );
  const status =
    (await entitiesIn(deps.target, run.id, ["complete"])).length === 1 ? "complete" : "blocked";
  return [status, ...failed.rows.map(({ name }) => name)];
}

describe("an entity without batches left", () => {
  it("is complete when every row read has an outcome that is on record", async () => {
    await finishBatch(deps.target, batch, COUNTS, 1);
    expect(await settled()).toEqual(["complete"]);
  });

  it("is analysed, so that its children's look-ups are planned well", async () => {
    await finishBatch(deps.target, batch, COUNTS, 1);
    await settled();
    const { rows } = await deps.target.query(
      "select reltuples::integer as rows from pg_class where oid = 'public.practices'::regclass",
    );
    expect(rows).toEqual([{ rows: 2 }]);
  });

  it.each<[string, Partial<BatchCounts>, string[]]>([
    ["a row has no outcome", { loaded: 1 }, ["sum_closes"]],
    ["a row has two outcomes", { read: 1 }, ["sum_closes"]],
    ["an exception is not on record", { loaded: 1, rejected: 1 }, ["exceptions_on_record"]],
    [
      "rows are said to be loaded that are not there",
      { read: 3, loaded: 3 },
      ["loaded_rows_found"],
    ],
  ])("is blocked when %s", async (_, counts, failed) => {
    await finishBatch(deps.target, batch, { ...COUNTS, ...counts }, 1);
    expect(await settled()).toEqual(["blocked", ...failed]);
  });

  it("is blocked when a row that was read is hidden by one that is gone from the source", async () => {
    await deps.legacy.query("insert into dispatch_office values (1), (3)");
    await finishBatch(deps.target, batch, COUNTS, 1);
    expect(await settled()).toEqual(["blocked", "rows_lost"]);
  });

  it("is complete when the source got a row since", async () => {
    await deps.legacy.query("insert into dispatch_office values (1), (3), (4)");
    await finishBatch(deps.target, batch, { ...COUNTS, read: 1, loaded: 1, inserted: 1 }, 1);
    expect(await settled()).toEqual(["complete"]);
  });

  it("is blocked when a batch failed", async () => {
    await failBatch(deps.target, batch, 1, "defect");
    expect(await settled()).toEqual(["blocked", "no_failed_batch"]);
  });

  it.each([
    ["a trigger is switched off", "alter table public.practices disable trigger all"],
    [
      "a constraint is not validated",
      "alter table public.practices add constraint odd check (name <> 'a') not valid",
    ],
  ])("is blocked when %s", async (_, sql) => {
    await finishBatch(deps.target, batch, COUNTS, 1);
    await deps.target.query(sql);
    expect(await settled()).toEqual(["blocked", "constraints_enforced"]);
  });

  it("does not settle while a batch is on offer", async () => {
    const run = await runOf(deps);
    expect(await settle(deps, run)).toBe(false);
    expect(await entitiesIn(deps.target, run.id, ["loading"])).toEqual(["practices"]);
  });

  it("is settled once where two extractors settle at the same time", async () => {
    await finishBatch(deps.target, batch, COUNTS, 1);
    const run = await runOf(deps);
    const both = await Promise.all([settle(deps, run), settle(deps, run)]);
    expect(both.filter(Boolean)).toHaveLength(1);
  });
});
