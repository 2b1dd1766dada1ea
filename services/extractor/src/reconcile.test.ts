import { finishBatch, progressOf, markQueued } from "@nexus/shared/ledger";
import { loadingEntity, runningRun } from "@nexus/shared/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { startMemory, reconcile } from "./reconcile.ts";
import { extractorUnderTest, runOf } from "./extractor.fixture.ts";
import { rollUp } from "./roll-up.ts";
import { dispatch } from "./dispatch.ts";
import type { Deps } from "./deps.ts";

const QUEUE = "load-practices";
const COUNTS = { read: 9, loaded: 9, inserted: 9, updated: 0, rejected: 0, parked: 0, noted: 0 };

let deps: Deps;
let batches: number[];

beforeEach(async (context) => {
  deps = await extractorUnderTest(context);
  const runId = await runningRun(deps.target, ["practices"]);
  batches = await loadingEntity(deps.target, runId, "practices", 12);
});

const inQueue = (): Promise<number> => deps.transport.count(QUEUE);

describe("the dispatch", () => {
  it("offers up to the high-water mark, and more as batches are done", async () => {
    const run = await runOf(deps);
    expect(await dispatch(deps, run)).toBe(true);
    expect(await inQueue()).toBe(10);
    expect(await dispatch(deps, run)).toBe(false);
    await finishBatch(deps.target, batches[0] ?? 0, COUNTS, 1);
    expect(await dispatch(deps, run)).toBe(true);
    expect(await inQueue()).toBe(11);
  });
});

describe("lost jobs", () => {
  it("are offered again when they are missing twice in a row", async () => {
    const run = await runOf(deps);
    await markQueued(deps.target, run.id, "practices", 5);
    const memory = startMemory();
    await reconcile(deps, run, memory);
    expect(await inQueue()).toBe(0);
    await reconcile(deps, run, memory);
    expect(await inQueue()).toBe(5);
  });

  it("are not suspected any more once the queue has them", async () => {
    const run = await runOf(deps);
    const taken = await markQueued(deps.target, run.id, "practices", 5);
    const memory = startMemory();
    await reconcile(deps, run, memory);
    for (const { id } of taken) await finishBatch(deps.target, id, COUNTS, 1);
    await reconcile(deps, run, memory);
    await markQueued(deps.target, run.id, "practices", 5);
    await reconcile(deps, run, memory);
    expect(await inQueue()).toBe(0);
    await reconcile(deps, run, memory);
    expect(await inQueue()).toBe(5);
  });

  it("are none while the queue holds all that is on offer", async () => {
    const run = await runOf(deps);
    await dispatch(deps, run);
    const memory = startMemory();
    await reconcile(deps, run, memory);
    await reconcile(deps, run, memory);
    expect(memory.suspects.size).toBe(0);
    expect(await inQueue()).toBe(10);
  });
});

describe("a round of reconciling", () => {
  it("waits until the next is due", async () => {
    const run = await runOf(deps);
    const memory = startMemory();
    const seldom = { ...deps, settings: { ...deps.settings, careMs: 600_000 } };
    memory.lastAt = -600_000;
    await reconcile(seldom, run, memory);
    const { lastAt } = memory;
    expect(lastAt).toBeGreaterThan(0);
    await reconcile(seldom, run, memory);
    expect(memory.lastAt).toBe(lastAt);
  });
});

describe("the counts", () => {
  it("are rolled up, in a paused run too", async () => {
    const run = await runOf(deps);
    await finishBatch(deps.target, batches[0] ?? 0, COUNTS, 1);
    await deps.target.query("update migration.runs set status = 'paused'");
    expect(await rollUp(deps)).toBeGreaterThan(0);
    expect(await progressOf(deps.target, run.id)).toMatchObject([{ batchesDone: 1, loaded: 9 }]);
  });
});
