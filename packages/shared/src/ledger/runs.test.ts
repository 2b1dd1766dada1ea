import { beforeEach, describe, expect, it } from "vitest";
import type { Pool } from "../database/pool.ts";
import { inTransaction } from "../database/transaction.ts";
import { freshTarget, loadingEntity, runningRun } from "../testing/fresh-target.ts";
import { markSettling, openEntity } from "./entity-lifecycle.ts";
import { recordPlan } from "./planning.ts";
import {
  completeRun,
  createRun,
  markRunCancelled,
  markRunFailed,
  markRunPaused,
} from "./run-lifecycle.ts";
import { activeRun, claimEntity, entitiesIn, findRun } from "./runs.ts";

let target: Pool;

beforeEach(async (context) => {
  target = await freshTarget(context);
});

const OPTIONS = { embeddings: false, codes: `{"maps": {}}` };

describe("creating a run", () => {
  it("succeeds for one of twenty who try at once", async () => {
    const tries = await Promise.all(
      Array.from({ length: 20 }, () =>
        inTransaction(target, (tx) =>
          createRun(tx, [{ entity: "practices", position: 0, skip: false }], OPTIONS),
        ),
      ),
    );
    const created = tries.filter((id) => id !== undefined);
    expect(created).toHaveLength(1);
    expect((await activeRun(target))?.id).toBe(created[0]);
  });

  it("is refused while a run is planned, running or paused, and granted after it", async () => {
    const first = await runningRun(target, ["practices"]);
    expect(await createRun(target, [], OPTIONS)).toBeUndefined();
    await markRunPaused(target, first);
    expect(await createRun(target, [], OPTIONS)).toBeUndefined();
    await markRunCancelled(target, first);
    expect(await createRun(target, [], OPTIONS)).toBeGreaterThan(first);
  });

  it("keeps the order of the entities, what is skipped, and the codes as they were given", async () => {
    const selections = [
      { entity: "patients", position: 2, skip: false },
      { entity: "practices", position: 0, skip: true },
      { entity: "profiles", position: 1, skip: false },
    ];
    const id = await createRun(target, selections, OPTIONS);
    expect(await entitiesIn(target, id ?? 0, ["waiting"])).toEqual(["profiles", "patients"]);
    expect(await entitiesIn(target, id ?? 0, ["skipped"])).toEqual(["practices"]);
    expect(await findRun(target, id ?? 0)).toEqual({
      id,
      status: "planned",
      dify: false,
      accounts: false,
      traceContext: null,
      sourceTimezone: null,
      mode: "full",
      fingerprints: false,
      held: false,
      ...OPTIONS,
    });
  });
});

describe("moving a run or an entity", () => {
  it("does nothing when its status is not the expected one", async () => {
    const id = await runningRun(target, ["practices"]);
    expect(await markRunFailed(target, id, "source_missing")).toBe(false);
    expect(await markSettling(target, id, "practices")).toBe(false);
    expect((await findRun(target, id))?.status).toBe("running");
    expect(await entitiesIn(target, id, ["waiting"])).toEqual(["practices"]);
  });
});

describe("opening an entity", () => {
  it.each([
    ["waiting", false, false],
    ["planning", false, false],
    ["loading", false, false],
    ["settling", false, false],
    ["blocked", false, false],
    ["blocked", true, true],
    ["complete", false, true],
    ["skipped", false, true],
  ])("whose parent is %s (waived: %s) succeeds: %s", async (status, waived, opened) => {
    const id = await runningRun(target, ["practices", "profiles"]);
    await target.query(
      "update migration.run_entities set status = $1, waived = $2 where entity = 'practices'",
      [status, waived],
    );
    await target.query(
      "update migration.run_entities set status = 'planned' where entity = 'profiles'",
    );
    expect(await openEntity(target, id, "profiles", ["practices"])).toBe(opened);
  });

  it("does not wait for a parent that is not part of the run", async () => {
    const id = await runningRun(target, ["profiles"]);
    await recordPlan(target, id, "profiles", { cursor: "-9223372036854775808" }, [], true);
    expect(await openEntity(target, id, "profiles", ["practices"])).toBe(true);
  });
});

describe("claiming an entity", () => {
  it("succeeds for one session at a time, and only while the run runs", async () => {
    const id = await runningRun(target, ["practices"]);
    await loadingEntity(target, id, "practices", 1);
    await inTransaction(target, async (tx) => {
      expect(await claimEntity(tx, id, "practices", "loading")).toBe(true);
      expect(await claimEntity(target, id, "practices", "loading")).toBe(false);
    });
    expect(await claimEntity(target, id, "practices", "settling")).toBe(false);
    await markRunPaused(target, id);
    expect(await claimEntity(target, id, "practices", "loading")).toBe(false);
  });
});

describe("completing a run", () => {
  it.each([
    ["loading", false, false],
    ["blocked", false, false],
    ["blocked", true, true],
    ["complete", false, true],
    ["skipped", false, true],
  ])("whose last entity is %s (waived: %s) succeeds: %s", async (status, waived, completed) => {
    const id = await runningRun(target, ["practices", "profiles"]);
    await target.query("update migration.run_entities set status = 'complete'");
    await target.query(
      "update migration.run_entities set status = $1, waived = $2 where entity = 'profiles'",
      [status, waived],
    );
    expect(await completeRun(target, id)).toBe(completed);
    expect(await completeRun(target, id)).toBe(false);
  });
});
