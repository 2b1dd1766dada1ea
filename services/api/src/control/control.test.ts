import type { Pool } from "@nexus/shared/database";
import { finishBatch, lockBatch, startRun } from "@nexus/shared/ledger";
import { eventually, freshLedger, lockWaits, seedRun } from "@nexus/shared/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { cancelRun, pauseRun, resumeRun, waive } from "./control.ts";

const catalog = ["practices", "profiles", "patients"];
const by = { actor: "tester", reason: "to see" };
let target: Pool;

beforeEach(async (context) => {
  ({ target } = await freshLedger(context));
});

describe("starting a run", () => {
  const order = { embeddings: true, codes: `{"case_state":{}}` };

  it("selects everything, in the order of the catalog", async () => {
    expect(await startRun(target, order, by, catalog)).toEqual({
      kind: "started",
      runId: 1,
      entities: catalog,
    });
    expect(await entities()).toEqual(["practices waiting", "profiles waiting", "patients waiting"]);
    expect(await audit()).toEqual([
      { actor: "tester", action: "start", run_id: 1, entity: null, reason: "to see" },
    ]);
  });

  it("gives a skipped entity a row, and one that is not selected none", async () => {
    await startRun(
      target,
      { ...order, entities: ["patients", "profiles"], skip: ["profiles"] },
      by,
      catalog,
    );
    expect(await entities()).toEqual(["profiles skipped", "patients waiting"]);
  });

  it("keeps the codes with the run", async () => {
    await startRun(target, order, by, catalog);
    const run = await target.query(`select codes::text, embeddings from migration.runs`);
    expect(run.rows).toEqual([{ codes: `{"case_state": {}}`, embeddings: true }]);
  });

  it("refuses a name that is not in the catalog, and lists those that are", async () => {
    const refused = await startRun(target, { ...order, entities: ["patient"] }, by, catalog);
    expect(refused).toEqual({ kind: "unknown_entity", unknown: ["patient"], known: catalog });
  });

  it("refuses to skip everything", async () => {
    expect(await startRun(target, { ...order, skip: catalog }, by, catalog)).toEqual({
      kind: "nothing_selected",
    });
  });

  it("refuses while another run is active, and names it", async () => {
    const runId = await seedRun(target, { status: "paused", entities: {} });
    expect(await startRun(target, order, by, catalog)).toEqual({ kind: "run_active", runId });
    expect(await audit()).toEqual([]);
  });
});

describe("pausing", () => {
  it("takes queued batches back and returns the attempts that were counted", async () => {
    const runId = await seedRun(target, {
      status: "running",
      entities: {
        patients: {
          status: "loading",
          batches: [
            { status: "queued", attempts: 1 },
            { status: "queued" },
            { status: "done" },
            { status: "failed" },
          ],
        },
      },
    });
    expect(await pauseRun(target, runId, by)).toEqual({
      kind: "moved",
      runId,
      status: "paused",
      batches: 2,
    });
    expect(await batches()).toEqual(["planned 0", "planned 0", "done 0", "failed 0"]);
    expect(await resumeRun(target, runId, by)).toMatchObject({ kind: "moved", status: "running" });
  });

  it("waits for the batch that a loader is writing, and leaves it done", async () => {
    const runId = await seedRun(target, {
      status: "running",
      entities: { patients: { status: "loading", batches: [{ status: "queued", attempts: 1 }] } },
    });
    const loader = await target.connect();
    await loader.query("begin");
    await lockBatch(loader, 1, 1);
    const paused = pauseRun(target, runId, by);
    await eventually(async () => (await lockWaits(target)) === 1);
    const counts = {
      read: 10,
      loaded: 10,
      inserted: 10,
      updated: 0,
      rejected: 0,
      parked: 0,
      noted: 0,
    };
    await finishBatch(loader, 1, counts, 5);
    await loader.query("commit");
    loader.release();
    expect(await paused).toMatchObject({ status: "paused", batches: 0 });
    expect(await batches()).toEqual(["done 1"]);
  });

  it("is refused for a run that does not run", async () => {
    const runId = await seedRun(target, { status: "completed", entities: {} });
    const refused = await pauseRun(target, runId, by);
    expect(refused).toEqual({
      kind: "wrong_status",
      runId,
      runStatus: "completed",
      possibleIn: ["running"],
    });
    expect(await pauseRun(target, 99, by)).toEqual({ kind: "no_such_run", runId: 99 });
    expect(await audit()).toEqual([]);
  });
});

describe("cancelling", () => {
  it("ends whatever is not done, and nothing that is", async () => {
    const runId = await seedRun(target, {
      status: "running",
      entities: {
        practices: { status: "complete", batches: [{ status: "done" }] },
        profiles: { status: "skipped" },
        patients: {
          status: "loading",
          batches: [
            { status: "done" },
            { status: "queued" },
            { status: "planned" },
            { status: "failed" },
          ],
        },
        cases: { status: "waiting" },
      },
    });
    expect(await cancelRun(target, runId, by)).toMatchObject({ status: "cancelled", batches: 3 });
    expect(await entities()).toEqual([
      "practices complete",
      "profiles skipped",
      "patients cancelled",
      "cases cancelled",
    ]);
    expect(await batches()).toEqual([
      "done 0",
      "done 0",
      "cancelled 0",
      "cancelled 0",
      "cancelled 0",
    ]);
    const rolledUp = await target.query(
      `select read from migration.run_entities where entity = 'patients'`,
    );
    expect(rolledUp.rows).toEqual([{ read: 10 }]);
  });

  it("lets no loader write what it had read before", async () => {
    const runId = await seedRun(target, {
      status: "running",
      entities: { patients: { status: "loading", batches: [{ status: "queued" }] } },
    });
    await cancelRun(target, runId, by);
    expect(await lockBatch(target, 1, 1)).toEqual({ status: "cancelled", runStatus: "cancelled" });
  });

  it.each(["planned", "running", "paused"] as const)("is possible in a %s run", async (status) => {
    const runId = await seedRun(target, { status, entities: { patients: { status: "waiting" } } });
    expect(await cancelRun(target, runId, by)).toMatchObject({ kind: "moved" });
    expect(await cancelRun(target, runId, by)).toMatchObject({
      kind: "wrong_status",
      runStatus: "cancelled",
    });
  });
});

describe("waiving", () => {
  it("waives a blocked entity of the active run, for a reason that is kept", async () => {
    const runId = await seedRun(target, {
      status: "running",
      entities: { patients: { status: "blocked" } },
    });
    expect(await waive(target, "patients", by, catalog)).toEqual({
      kind: "waived",
      runId,
      entity: "patients",
      withoutBackup: false,
    });
    const row = await target.query(`select status, waived from migration.run_entities`);
    expect(row.rows).toEqual([{ status: "blocked", waived: true }]);
    expect(await audit()).toEqual([
      { actor: "tester", action: "waive", run_id: runId, entity: "patients", reason: "to see" },
    ]);
  });

  it("is refused unless the entity is blocked", async () => {
    expect(await waive(target, "patients", by, catalog)).toEqual({ kind: "no_active_run" });
    const runId = await seedRun(target, {
      status: "running",
      entities: { patients: { status: "loading" } },
    });
    expect(await waive(target, "patients", by, catalog)).toMatchObject({
      kind: "not_blocked",
      entityStatus: "loading",
    });
    expect(await waive(target, "profiles", by, catalog)).toMatchObject({
      kind: "not_in_run",
      runId,
    });
    expect(await waive(target, "pets", by, catalog)).toMatchObject({ kind: "unknown_entity" });
  });
});

async function entities(): Promise<string[]> {
  const found = await target.query<{ line: string }>(
    `select entity || ' ' || status as line from migration.run_entities order by position`,
  );
  return found.rows.map((row) => row.line);
}

/** Status and attempts. */
async function batches(): Promise<string[]> {
  const found = await target.query<{ line: string }>(
    `select status || ' ' || attempts as line from migration.batches order by id`,
  );
  return found.rows.map((row) => row.line);
}

async function audit(): Promise<unknown[]> {
  const found = await target.query(
    `select actor, action, run_id, entity, reason from migration.audit_log order by id`,
  );
  return found.rows;
}
