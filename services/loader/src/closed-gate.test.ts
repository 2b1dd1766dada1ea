import { openPool, type Pool } from "@nexus/shared/database";
import { addEntities, markComplete, markSettling, markQueued } from "@nexus/shared/ledger";
import { openLog } from "@nexus/shared/telemetry";
import { freshDatabase, freshTarget, loadingEntity, runningRun } from "@nexus/shared/testing";
import { openTurn } from "@nexus/shared/runtime";
import { beforeEach, describe, expect, it } from "vitest";
import type { Deps } from "./deps.ts";
import { loadBatch } from "./load.ts";
import { loaderUnderTest } from "./loader.fixture.ts";
import { openPatience } from "./patience.ts";
import { rememberRunContext } from "./run-context.ts";

const NEVER = AbortSignal.timeout(60_000);

let deps: Deps;
let runId: number;
let batch: number;

/** Profiles are loading, while their parents, once settled, are loaded again. */
beforeEach(async (context) => {
  const target = await freshTarget(context);
  const url = await freshDatabase(context);
  const legacy = openPool({ url, max: 2, name: "nexus-test", onError: () => undefined });
  context.onTestFinished(() => legacy.end());
  const log = openLog("test");
  log.level = "silent";
  const bounds = {
    legacyStatementMs: 5_000,
    targetStatementMs: 5_000,
    targetIdleMs: 60_000,
    rowBytes: 64 << 20,
    encoding: { unreadable: "reject" as const },
  };
  const patience = openPatience({ target, log });
  deps = {
    legacy,
    target,
    runContext: rememberRunContext(legacy, target),
    ...bounds,
    largeTurn: openTurn(),
    patience,
    log,
  };
  runId = await runningRun(target, ["practices", "profiles"]);
  await loadingEntity(target, runId, "practices", 0);
  [batch = 0] = await loadingEntity(target, runId, "profiles", 2);
  await markQueued(target, runId, "profiles", 1);
});

function load(): ReturnType<typeof loadBatch> {
  return loadBatch(
    deps,
    { runId, entity: "profiles", batch, generation: 1, from: 0, to: 10 },
    NEVER,
  );
}

async function batchRow(target: Pool): Promise<unknown> {
  const { rows } = await target.query(
    `select status, attempts, error_code, available_at > now() as later from migration.batches where id = ${batch}`,
  );
  return rows[0];
}

describe("a batch whose gate is closed", () => {
  it("is planned again without an attempt, and the source is not even asked for a connection", async () => {
    expect(await load()).toEqual({ kind: "done" });
    expect(await batchRow(deps.target)).toEqual({
      status: "planned",
      attempts: 0,
      error_code: null,
      later: true,
    });
    expect(deps.legacy.totalCount).toBe(0);
  });

  it("is offered again when its parents are settled, not before", async () => {
    await load();
    await deps.target.query("update migration.batches set available_at = now()");
    expect(await markQueued(deps.target, runId, "profiles", 9, ["practices"])).toEqual([]);
    await markSettling(deps.target, runId, "practices");
    await markComplete(deps.target, runId, "practices");
    expect(await markQueued(deps.target, runId, "profiles", 9, ["practices"])).toHaveLength(2);
  });
});

describe("a batch whose gate closes when its attempt is counted, before it is written", () => {
  it("is planned again without an attempt and without a row, and is written when the gate opens", async (context) => {
    let closes = true;
    const under = await loaderUnderTest(context, {
      runContext: async (run) => {
        if (closes) await joinsLoading(under.target, run, "practices");
        return await rememberRunContext(under.legacy, under.target)(run);
      },
    });
    await under.legacy.query("insert into dispatch_project (id, name) values (1, 'one')");
    const offer = await under.begin("cases");
    expect(await offer()).toMatchObject({ status: "planned", attempts: 0, error_code: null });
    expect((await under.target.query("select from public.cases")).rowCount).toBe(0);
    closes = false;
    await under.target.query("update migration.run_entities set status = 'complete'");
    expect(await offer()).toMatchObject({ status: "done", attempts: 1, read: 1, loaded: 1 });
  });
});

/** A parent has a part in the run, and loads. */
async function joinsLoading(target: Pool, run: number, entity: string): Promise<void> {
  await addEntities(target, run, [{ entity, position: 0, skip: false }]);
  await target.query("update migration.run_entities set status = 'loading' where entity = $1", [
    entity,
  ]);
}
