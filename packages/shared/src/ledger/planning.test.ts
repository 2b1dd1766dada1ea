import { beforeEach, describe, expect, it } from "vitest";
import type { Pool } from "../database/pool.ts";
import { inTransaction } from "../database/transaction.ts";
import { freshTarget, runningRun } from "../testing/fresh-target.ts";
import { planCursor, recordPlan } from "./planning.ts";
import { progressOf } from "./progress.ts";
import { markRunPaused } from "./run-lifecycle.ts";
import { entitiesIn } from "./runs.ts";

let target: Pool;
let runId: number;

beforeEach(async (context) => {
  target = await freshTarget(context);
  runId = await runningRun(target, ["practices"]);
});

const START = { cursor: "-9223372036854775808" };
const RANGES = [
  { after: START.cursor, to: 10, expected: 10 },
  { after: 10, to: 25, expected: 8 },
];

async function ranges(): Promise<unknown[]> {
  const { rows } = await target.query(
    `select seq, after_key as after, to_key as "to", expected from migration.batches order by seq`,
  );
  return rows;
}

describe("recording a plan", () => {
  it("begins before every key, and goes on where the last range ended", async () => {
    expect(await planCursor(target, runId, "practices")).toEqual(START);
    await recordPlan(target, runId, "practices", START, RANGES, false);
    expect(await planCursor(target, runId, "practices")).toEqual({ cursor: 25 });
    await recordPlan(
      target,
      runId,
      "practices",
      { cursor: 25 },
      [{ after: 25, to: 30, expected: 1 }],
      true,
    );
    expect(await planCursor(target, runId, "practices")).toBeUndefined();
    expect(await ranges()).toEqual([
      { seq: 1, ...RANGES[0] },
      { seq: 2, ...RANGES[1] },
      { seq: 3, after: 25, to: 30, expected: 1 },
    ]);
    expect(await progressOf(target, runId)).toMatchObject([
      { expected: 19, batches: 3, status: "planned" },
    ]);
  });

  it("succeeds for one of two extractors with the same cursor", async () => {
    const both = await Promise.all(
      [1, 2].map(() =>
        inTransaction(target, (tx) => recordPlan(tx, runId, "practices", START, RANGES, false)),
      ),
    );
    expect(both.filter(Boolean)).toHaveLength(1);
    expect(await ranges()).toHaveLength(2);
  });

  it("of an empty table leaves no batch", async () => {
    expect(await recordPlan(target, runId, "practices", START, [], true)).toBe(true);
    expect(await ranges()).toEqual([]);
    expect(await entitiesIn(target, runId, ["planned"])).toEqual(["practices"]);
  });

  it("does nothing while the run is paused", async () => {
    await markRunPaused(target, runId);
    expect(await recordPlan(target, runId, "practices", START, RANGES, true)).toBe(false);
    expect(await ranges()).toEqual([]);
  });
});
