import { finishBatch, progressOf, recordExceptions, markQueued } from "@nexus/shared/ledger";
import { eventually, loadingEntity, runningRun } from "@nexus/shared/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { startMemory } from "./reconcile.ts";
import type { Deps } from "./deps.ts";
import { extractorUnderTest, runOf } from "./extractor.fixture.ts";
import { planNext } from "./plan.ts";
import { settle } from "./settle.ts";
import { startSetbacks } from "./setbacks.ts";
import { tick } from "./tick.ts";

const COUNTS = { read: 0, loaded: 0, inserted: 0, updated: 0, rejected: 0, parked: 0, noted: 0 };

let deps: Deps;

beforeEach(async (context) => {
  deps = await extractorUnderTest(context);
});

/** Status and code of each entity. */
async function entities(): Promise<Record<string, readonly [string, string | null]>> {
  const progress = await progressOf(deps.target, (await runOf(deps)).id);
  return Object.fromEntries(
    progress.map(({ entity, status, errorCode }) => [entity, [status, errorCode]]),
  );
}

describe("planning", () => {
  it("goes on with the others while one table is locked, says so, and comes back to it", async () => {
    await deps.legacy.query("create table dispatch_template (id integer primary key)");
    await runningRun(deps.target, ["practices", "workflow_templates"]);
    const run = await runOf(deps);
    const setbacks = startSetbacks();
    const holder = await deps.legacy.connect();
    await holder.query("begin; lock table dispatch_office in access exclusive mode");
    expect(await planNext(deps, run, setbacks)).toBe(true);
    expect(await entities()).toEqual({
      practices: ["waiting", "55P03"],
      workflow_templates: ["planned", null],
    });
    await holder.query("rollback");
    holder.release();
    expect(await eventually(() => planNext(deps, run, setbacks))).toBe(true);
    expect(await entities()).toMatchObject({ practices: ["planned", null] });
  });

  it("goes on with the others when one fails", async () => {
    await runningRun(deps.target, ["workflow_templates", "practices"]);
    expect(await planNext(deps, await runOf(deps), startSetbacks())).toBe(true);
    expect(await entities()).toEqual({
      workflow_templates: ["waiting", "42P01"],
      practices: ["planned", null],
    });
  });
});

describe("settling", () => {
  it("goes on with the others while one table is locked, says so, and comes back to it", async () => {
    await deps.legacy.query("create table dispatch_template (id integer primary key)");
    const runId = await runningRun(deps.target, ["practices", "workflow_templates"]);
    for (const entity of ["practices", "workflow_templates"]) {
      const [batch = 0] = await loadingEntity(deps.target, runId, entity, 1);
      await markQueued(deps.target, runId, entity, 1);
      await finishBatch(deps.target, batch, COUNTS, 1);
    }
    const run = await runOf(deps);
    const setbacks = startSetbacks();
    const holder = await deps.target.connect();
    await holder.query("begin; lock table public.practices in share update exclusive mode");
    expect(await settle(deps, run, setbacks)).toBe(true);
    expect(await entities()).toEqual({
      practices: ["settling", "55P03"],
      workflow_templates: ["complete", null],
    });
    await holder.query("rollback");
    holder.release();
    expect(await eventually(() => settle(deps, run, setbacks))).toBe(true);
    expect(await entities()).toMatchObject({ practices: ["complete", null] });
  });
});

describe("a tick", () => {
  it("offers batches whatever has failed before, and says what", async () => {
    const runId = await runningRun(deps.target, ["practices", "profiles"]);
    await loadingEntity(deps.target, runId, "practices", 1);
    // What parked rows wait for cannot be looked at.
    const [batch = 0] = await loadingEntity(deps.target, runId, "profiles", 1);
    await markQueued(deps.target, runId, "profiles", 1);
    await finishBatch(deps.target, batch, { ...COUNTS, read: 1, parked: 1 }, 1);
    await park(runId, batch);
    await deps.target.query("alter table public.practices rename to practices_elsewhere");
    await expect(tick(deps, startMemory())).rejects.toThrow();
    expect(await deps.transport.count("load-practices")).toBe(1);
  });

  it("does not complete a run while the parent of a parked row is in the target", async () => {
    await deps.legacy.query(
      "create table auth_user (id integer primary key); insert into auth_user values (1)",
    );
    const runId = await runningRun(deps.target, ["profiles"]);
    const [batch = 0] = await loadingEntity(deps.target, runId, "profiles", 1);
    await markQueued(deps.target, runId, "profiles", 1);
    await finishBatch(deps.target, batch, { ...COUNTS, read: 1, parked: 1 }, 1);
    await park(runId, batch);
    await settle(deps, await runOf(deps));
    expect(await entities()).toMatchObject({ profiles: ["complete", null] });
    // Another extractor has settled the parent, and not yet released what waited for it.
    await deps.target.query("insert into public.practices (legacy_id, name) values (7, 'a')");
    const seldom = { ...deps, settings: { ...deps.settings, careMs: 600_000 } };
    const memory = { ...startMemory(), lastAt: performance.now() };
    await tick(seldom, memory);
    expect(await entities()).toMatchObject({ profiles: ["loading", null] });
  });
});

async function park(runId: number, batch: number): Promise<void> {
  const waits = {
    reason: "practices_not_in_target",
    column: null,
    missingEntity: "practices",
    missingId: 7,
  };
  await recordExceptions(deps.target, { id: batch, runId, entity: "profiles" }, [
    { legacyId: 1, outcome: "parked", ...waits },
  ]);
}
