import type { Pool } from "@nexus/shared/database";
import { beginSettling, completeRun } from "@nexus/shared/ledger";
import type { EntityStatus, RunStatus } from "@nexus/shared/states";
import { eventually, freshLedger, lockWaits, type SeedBatch, seedRun } from "@nexus/shared/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { cancelRun } from "./control.ts";
import { requeue } from "./requeue.ts";
import type { Scope } from "./selection.ts";

const catalog = ["practices", "profiles", "patients"];
const defaults = { codes: "{}", embeddings: false, dify: false };
const by = { actor: "tester", reason: null };
let target: Pool;

beforeEach(async (context) => {
  ({ target } = await freshLedger(context));
});

const mixed: readonly SeedBatch[] = [
  { status: "done" },
  { status: "done", rejected: [11, 12] },
  { status: "done", parked: [21] },
  { status: "failed", attempts: 5 },
  { status: "planned" },
];

describe("in the active run", () => {
  it.each<[Scope, string[]]>([
    ["failed", ["done 1", "done 1", "done 1", "planned 2", "planned 1"]],
    ["rejected", ["done 1", "planned 2", "done 1", "failed 1", "planned 1"]],
    ["parked", ["done 1", "done 1", "planned 2", "failed 1", "planned 1"]],
    ["all", ["planned 2", "planned 2", "planned 2", "planned 2", "planned 1"]],
  ])("plans the batches concerned as their next generation: %s", async (scope, expected) => {
    const runId = await patients("loading");
    const done = await ask(scope);
    expect(done).toEqual({ kind: "requeued", runId, batches: scope === "all" ? 4 : 1 });
    expect(await batches()).toEqual(expected);
    const attempts = await target.query(
      `select from migration.batches where generation = 2 and attempts > 0`,
    );
    expect(attempts.rowCount).toBe(0);
  });

  it.each<EntityStatus>(["complete", "blocked", "settling", "loading"])(
    "lets an entity that is %s load",
    async (status) => {
      await patients(status);
      await target.query(`update migration.run_entities set waived = ($1 = 'blocked')`, [status]);
      await ask("failed");
      const row = await target.query(`select status, waived from migration.run_entities`);
      expect(row.rows).toEqual([{ status: "loading", waived: false }]);
    },
  );

  it("leaves resolved exceptions alone", async () => {
    await patients("complete");
    await target.query(`update migration.exceptions set resolved_at = now()`);
    expect(await ask("rejected")).toEqual({ kind: "nothing_to_requeue" });
  });

  it.each<EntityStatus>(["skipped", "cancelled"])(
    "is refused for an entity that is %s",
    async (status) => {
      const runId = await patients(status, []);
      expect(await ask("all")).toEqual({
        kind: "not_in_run",
        runId,
        entity: "patients",
        entityStatus: status,
      });
    },
  );

  it("is refused for an entity that the run does not have, and for one that nobody has", async () => {
    const runId = await seedRun(target, {
      status: "running",
      entities: { practices: { status: "loading" } },
    });
    expect(await ask("all")).toEqual({
      kind: "not_in_run",
      runId,
      entity: "patients",
      entityStatus: null,
    });
    expect(await requeue(target, "pets", { scope: "all" }, defaults, by, catalog)).toMatchObject({
      kind: "unknown_entity",
    });
  });

  it("says who did it", async () => {
    await patients("complete");
    await ask("failed");
    const audit = await target.query(
      `select action, entity, details ->> 'scope' as scope from migration.audit_log`,
    );
    expect(audit.rows).toEqual([{ action: "requeue", entity: "patients", scope: "failed" }]);
  });
});

describe("without an active run", () => {
  it.each<[Scope, string[]]>([
    ["failed", ["1: (30,40]"]],
    ["rejected", ["1: {11,12}"]],
    ["parked", ["1: {21}"]],
  ])("creates a repair run that is planned already: %s", async (scope, expected) => {
    const before = await patients("complete", mixed, "completed");
    expect(await ask(scope)).toEqual({ kind: "repair_started", runId: before + 1, batches: 1 });
    expect(await repairBatches(before + 1)).toEqual(expected);
    const entity = await target.query(
      `select r.status as run, e.status, e.position, e.batches, e.expected::integer
       from migration.run_entities e join migration.runs r on r.id = e.run_id where r.id = $1`,
      [before + 1],
    );
    const rows = { failed: 10, rejected: 2, parked: 1, all: 0 }[scope];
    expect(entity.rows).toEqual([
      { run: "planned", status: "planned", position: 2, batches: 1, expected: rows },
    ]);
  });

  it("creates an ordinary run of the entity for all", async () => {
    const before = await patients("complete", mixed, "completed");
    expect(await ask("all")).toEqual({ kind: "repair_started", runId: before + 1, batches: 0 });
    const entity = await target.query(
      `select status from migration.run_entities where run_id = $1`,
      [before + 1],
    );
    expect(entity.rows).toEqual([{ status: "waiting" }]);
  });

  it("offers content to whom the run before it did, and without one to whom the API says", async () => {
    const offers = "select embeddings from migration.runs order by id";
    await ask("all");
    expect((await target.query(offers)).rows).toEqual([{ embeddings: false }]);
    await target.query("update migration.runs set status = 'failed', embeddings = true");
    await ask("all");
    expect((await target.query(offers)).rows).toEqual([{ embeddings: true }, { embeddings: true }]);
  });

  it("goes on with the bill of the embeddings", async () => {
    await ask("all");
    const { rows } = await target.query("select new_bill from migration.runs");
    expect(rows).toEqual([{ new_bill: false }]);
  });

  it("takes the open exceptions of every run, each key once, a thousand to a batch", async () => {
    const keys = Array.from({ length: 1_500 }, (_, index) => index + 1);
    await patients("complete", [{ status: "done", rejected: keys }], "completed");
    const last = await patients(
      "complete",
      [{ status: "done", rejected: keys.slice(700) }],
      "completed",
    );
    expect(await ask("rejected")).toMatchObject({ batches: 2 });
    const planned = await target.query(
      `select seq, keys[1] as first, cardinality(keys) as keys, expected from migration.batches where run_id = $1 order by seq`,
      [last + 1],
    );
    expect(planned.rows).toEqual([
      { seq: 1, first: 1, keys: 1000, expected: 1000 },
      { seq: 2, first: 1001, keys: 500, expected: 500 },
    ]);
  });

  it("copies failed batches of the newest run only: a newer run had another go", async () => {
    await patients("blocked", [{ status: "failed" }], "cancelled");
    await patients("complete", [{ status: "done" }], "completed");
    expect(await ask("failed")).toEqual({ kind: "nothing_to_requeue" });
  });

  it("takes what had failed before the run was cancelled, not what nobody tried", async () => {
    const runId = await patients("blocked", mixed);
    await target.query("update migration.batches set error_code = '57014' where status = 'failed'");
    await cancelRun(target, runId, by);
    expect(await ask("failed")).toEqual({ kind: "repair_started", runId: runId + 1, batches: 1 });
    expect(await repairBatches(runId + 1)).toEqual(["1: (30,40]"]);
  });

  it("creates nothing when there is nothing to requeue", async () => {
    await patients("complete", [{ status: "done" }], "completed");
    for (const scope of ["failed", "rejected", "parked"] as const)
      expect(await ask(scope)).toEqual({ kind: "nothing_to_requeue" });
    const runs = await target.query(`select from migration.runs`);
    expect(runs.rowCount).toBe(1);
  });
});

describe("while an extractor looks on", () => {
  it("keeps a run from completing over a requeue that is under way", async () => {
    const runId = await patients("complete", [{ status: "failed" }]);
    const completed = await duringRequeue(() => completeRun(target, runId));
    expect(completed).toBe(false);
    const row = await target.query(
      `select r.status as run, e.status from migration.runs r, migration.run_entities e`,
    );
    expect(row.rows).toEqual([{ run: "running", status: "loading" }]);
  });

  it("keeps an entity from settling over a requeue that is under way", async () => {
    const runId = await patients("loading", [{ status: "failed" }]);
    const settling = await duringRequeue(() => beginSettling(target, runId, "patients"));
    expect(settling).toBe(false);
    expect(await batches()).toEqual(["planned 2"]);
  });
});

/** Holds a requeue on its last lock until `meanwhile` waits as well, or is over. */
async function duringRequeue<T>(meanwhile: () => Promise<T>): Promise<T> {
  const loader = await target.connect();
  await loader.query("begin");
  await loader.query(`select from migration.batches for update`);
  const requeued = ask("failed");
  await eventually(async () => (await lockWaits(target)) === 1);
  let over = false;
  const looked = meanwhile().finally(() => (over = true));
  await eventually(async () => over || (await lockWaits(target)) === 2);
  await loader.query("commit");
  loader.release();
  await requeued;
  return await looked;
}

function ask(scope: Scope) {
  return requeue(target, "patients", { scope }, defaults, by, catalog);
}

function patients(
  status: EntityStatus,
  seeds = mixed,
  run: RunStatus = "running",
): Promise<number> {
  return seedRun(target, { status: run, entities: { patients: { status, batches: seeds } } });
}

/** Status and generation. */
async function batches(): Promise<string[]> {
  const found = await target.query<{ line: string }>(
    `select status || ' ' || generation as line from migration.batches order by id`,
  );
  return found.rows.map((row) => row.line);
}

async function repairBatches(runId: number): Promise<string[]> {
  const found = await target.query<{ line: string }>(
    `select seq || ': ' || coalesce(keys::text, '(' || after_key || ',' || to_key || ']') as line
     from migration.batches where run_id = $1 and status = 'planned' order by seq`,
    [runId],
  );
  return found.rows.map((row) => row.line);
}
