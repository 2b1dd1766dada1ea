import { inTransaction, type Pool } from "@nexus/shared/database";
import {
  beginSettling,
  failBatch,
  finishBatch,
  rollUpCounts,
  lockRun,
  markRunPaused,
  markRunResumed,
  progressOf,
  recordChecks,
  recordExceptions,
  markQueued,
} from "@nexus/shared/ledger";
import { freshTarget, loadingEntity, runningRun } from "@nexus/shared/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { sumsOf } from "./sums.ts";
import { parkedEntities, releaseParked } from "./parked.ts";

let target: Pool;
let runId: number;
let ids: number[];

const COUNTS = { read: 10, loaded: 7, inserted: 5, updated: 1, rejected: 2, parked: 1, noted: 3 };

beforeEach(async (context) => {
  target = await freshTarget(context);
  runId = await runningRun(target, ["practices"]);
  ids = await loadingEntity(target, runId, "practices", 3);
  await markQueued(target, runId, "practices", 3);
});

async function finish(...batches: (number | undefined)[]): Promise<void> {
  for (const id of batches) await finishBatch(target, id ?? 0, COUNTS, 1);
}

describe("settling", () => {
  it("begins when no batch is planned or queued any more, once, and only while the run runs", async () => {
    await finish(ids[0], ids[1]);
    expect(await beginSettling(target, runId, "practices")).toBe(false);
    await failBatch(target, ids[2] ?? 0, 1, "defect");
    await markRunPaused(target, runId);
    expect(await beginSettling(target, runId, "practices")).toBe(false);
    await markRunResumed(target, runId);
    expect(await beginSettling(target, runId, "practices")).toBe(true);
    expect(await beginSettling(target, runId, "practices")).toBe(false);
  });

  it("adds up the batches and counts the exceptions on record", async () => {
    await finish(ids[0], ids[1]);
    await failBatch(target, ids[2] ?? 0, 1, "defect");
    await recordExceptions(target, { id: ids[0] ?? 0, runId, entity: "practices" }, [
      {
        legacyId: 1,
        outcome: "rejected",
        reason: "unreadable",
        column: null,
        missingEntity: null,
        missingId: null,
      },
    ]);
    expect(await sumsOf(target, runId, "practices")).toEqual({
      failed: 1,
      read: 20,
      loaded: 14,
      written: 12,
      rejected: 4,
      parked: 2,
      exceptions: 1,
    });
  });

  it("of an entity without a batch adds up to nothing", async () => {
    expect(await sumsOf(target, runId, "profiles")).toMatchObject({
      failed: 0,
      read: 0,
      exceptions: 0,
    });
  });

  it("keeps the newest result of each check", async () => {
    const check = { name: "sum_closes", expected: 10, actual: 9, passed: false };
    await recordChecks(target, runId, "practices", [check]);
    await recordChecks(target, runId, "practices", [{ ...check, actual: 10, passed: true }]);
    const { rows } = await target.query(
      "select name, passed, expected, actual from migration.validations",
    );
    expect(rows).toEqual([{ name: "sum_closes", passed: true, expected: 10, actual: 10 }]);
  });
});

describe("rolling up the counts", () => {
  it("gives an entity the sums of its batches, as often as it is done", async () => {
    await finish(ids[0], ids[1]);
    await failBatch(target, ids[2] ?? 0, 1, "defect");
    await rollUpCounts(target, runId, ["practices"]);
    await rollUpCounts(target, runId, ["practices"]);
    expect(await progressOf(target, runId)).toMatchObject([
      {
        batches: 3,
        batchesDone: 2,
        batchesFailed: 1,
        expected: 30,
        read: 20,
        loaded: 14,
        inserted: 10,
      },
    ]);
  });

  it("passes over an entity that somebody else has locked", async () => {
    await finish(ids[0]);
    await inTransaction(target, async (tx) => {
      await lockRun(tx, runId);
      await rollUpCounts(target, runId, ["practices"]);
    });
    expect(await progressOf(target, runId)).toMatchObject([{ batchesDone: 0 }]);
  });
});

describe("releasing parked rows", () => {
  const parent = { entity: "profiles", table: "profiles", key: "legacy_id" };

  it("sends a finished batch through again as its next generation, once its parent is in the target", async () => {
    const waiting = { reason: "profiles_not_in_target", column: null, missingEntity: "profiles" };
    await recordExceptions(target, { id: ids[0] ?? 0, runId, entity: "practices" }, [
      { legacyId: 1, outcome: "parked", missingId: 77, ...waiting },
      { legacyId: 2, outcome: "parked", missingId: 78, ...waiting },
    ]);
    await finish(...ids);
    expect(await parkedEntities(target, runId)).toEqual([
      { entity: "practices", parent: "profiles" },
    ]);
    expect(await releaseParked(target, runId, "practices", parent)).toBe(0);
    await target.query("insert into public.profiles (legacy_id) values (78)");
    expect(await releaseParked(target, runId, "practices", parent)).toBe(1);
    expect(await releaseParked(target, runId, "practices", parent)).toBe(0);
    const { rows } = await target.query(
      "select status, generation, attempts from migration.batches order by id",
    );
    expect(rows).toEqual([
      { status: "planned", generation: 2, attempts: 0 },
      { status: "done", generation: 1, attempts: 0 },
      { status: "done", generation: 1, attempts: 0 },
    ]);
  });
});
