import {
  finishBatch,
  progressOf,
  recordExceptions,
  setLimits,
  waiveLosses,
} from "@nexus/shared/ledger";
import { loadingEntity, runningRun } from "@nexus/shared/testing";
import { beforeEach, describe, expect, it } from "vitest";
import type { Deps } from "./deps.ts";
import { extractorUnderTest, runOf } from "./extractor.fixture.ts";
import { rollUp } from "./roll-up.ts";
import { dispatch } from "./dispatch.ts";
import { settle } from "./settle.ts";

let deps: Deps;
let runId: number;
let batches: number[];

/** Forty batches of ten rows, ten of them on offer. */
beforeEach(async (context) => {
  deps = await extractorUnderTest(context);
  runId = await runningRun(deps.target, ["practices"]);
  batches = await loadingEntity(deps.target, runId, "practices", 40);
  await dispatch(deps, await runOf(deps));
});

/** Finishes the batches on offer; of the first two, `each` rows are rejected. */
async function finish(each: number, reason: string): Promise<void> {
  const lossy = batches.slice(0, 2);
  for (const [n, id] of batches.slice(0, 10).entries()) {
    const rejected = lossy.includes(id) ? each : 0;
    const exceptions = Array.from({ length: rejected }, (_, row) => ({
      legacyId: n * 10 + row + 1,
      outcome: "rejected" as const,
      reason,
      column: "name",
      missingEntity: null,
      missingId: null,
    }));
    await recordExceptions(deps.target, { id, runId, entity: "practices" }, exceptions);
    const counts = { loaded: 0, inserted: 0, updated: 0, parked: 0, noted: 0 };
    await finishBatch(deps.target, id, { ...counts, read: rejected, rejected }, 1);
  }
  await rollUp(deps);
}

async function practices() {
  const [one] = await progressOf(deps.target, runId);
  return one;
}

describe("an entity that loses rows for reasons that nobody foresaw", () => {
  it("stops beyond its limit, and is blocked with the reason and the column", async () => {
    await finish(6, "value_malformed");
    const run = await runOf(deps);
    expect(await dispatch(deps, run)).toBe(false);
    expect(await settle(deps, run)).toBe(true);
    expect(await practices()).toMatchObject({
      status: "blocked",
      errorCode: "unforeseen_losses",
      unforeseen: 12,
      lossReason: "value_malformed",
      lossColumn: "name",
      batchesDone: 10,
      batches: 40,
    });
  });

  it.each([
    ["as few as ten", 5, "value_malformed"],
    ["reasons that are foreseen", 9, "case_unresolved"],
    ["links that dangle", 9, "practice_id_dangling"],
  ])("goes on after %s", async (_, each, reason) => {
    await finish(each, reason);
    expect(await dispatch(deps, await runOf(deps))).toBe(true);
    expect(await settle(deps, await runOf(deps))).toBe(false);
    expect(await practices()).toMatchObject({ status: "loading", rejected: 2 * each });
  });

  it.each([
    ["its limit is raised", () => setLimits(deps.target, runId, "practices", { lossPercent: 5 })],
    ["it is waived", () => waiveLosses(deps.target, runId, "practices")],
  ])("loads the rest when %s, and its children wait for that", async (_, help) => {
    await finish(6, "value_malformed");
    await settle(deps, await runOf(deps));
    await help();
    expect(await practices()).toMatchObject({ status: "loading", waived: false, errorCode: null });
    expect(await dispatch(deps, await runOf(deps))).toBe(true);
    await deps.target.query(
      "update migration.batches set status = 'queued' where status = 'planned'",
    );
    await deps.target.query("update migration.batches set status = 'done' where status = 'queued'");
    await settle(deps, await runOf(deps));
    expect(await practices()).toMatchObject({ status: "complete", unforeseen: 12 });
    const { rows } = await deps.target.query(
      "select name from migration.validations where not passed",
    );
    expect(rows).toEqual([]);
  });

  it("is stopped in a delta as in a full run: by rows that are read key by key, of all that the source holds", async () => {
    const { target } = deps;
    await target.query("update migration.runs set mode = 'delta'");
    await target.query(
      `update migration.batches set keys = array[seq * 10 - 9, seq * 10], after_key = null, to_key = null where id = any($1::bigint[])`,
      [batches.slice(0, 2)],
    );
    await finish(6, "value_malformed");
    await settle(deps, await runOf(deps));
    expect(await practices()).toMatchObject({ status: "blocked", errorCode: "unforeseen_losses" });
    await setLimits(target, runId, "practices", { lossPercent: 1 });
    await target.query("update migration.run_entities set unchanged = 800");
    await settle(deps, await runOf(deps));
    expect(await practices(), "12 of 1,200 are 1 %").toMatchObject({ status: "loading" });
  });

  it("stays stopped when the limit is not raised enough", async () => {
    await finish(8, "value_malformed");
    await settle(deps, await runOf(deps));
    await setLimits(deps.target, runId, "practices", { lossPercent: 2 });
    await settle(deps, await runOf(deps));
    expect(await practices()).toMatchObject({ status: "blocked", errorCode: "unforeseen_losses" });
  });
});
