/** Following a source, round by round: on real databases, with nobody who loads. */
import { entities } from "@nexus/catalog";
import {
  countAttempt,
  createCutover,
  createProof,
  createSync,
  markRunBegun,
  recordDeltaOf,
  stopSync,
} from "@nexus/shared/ledger";
import { loadingEntity, seedRun } from "@nexus/shared/testing";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { cutOver } from "../cutover/walk.ts";
import type { Deps } from "../deps.ts";
import { extractorUnderTest, runOf } from "../extractor.fixture.ts";
import { plan } from "../plan.ts";
import { startMemory } from "../reconcile.ts";
import { tick } from "../tick.ts";
import { follow } from "./follow.ts";

const by = { actor: "tester", reason: "to see" };
const order = { embeddings: false, codes: "{}", entities: ["practices"] };
const LIMIT_MS = 100;
let deps: Deps;

beforeEach(async (context) => {
  const under = await extractorUnderTest(context);
  deps = {
    ...under,
    entities: under.entities.filter(({ name }) => name === "practices"),
    settings: { ...under.settings, sourceLatencyMs: LIMIT_MS },
  };
});

const query = async (sql: string): Promise<unknown[]> => (await deps.target.query(sql)).rows;
const runs = () => query("select id, mode, status from migration.runs order by id");
const sync = () => query("select deltas, run_id, stop_code, stopped_by from migration.syncs");
/** The newest run began so many seconds earlier than it did. */
const later = (seconds: number) =>
  query(`update migration.runs set created_at = created_at - interval '${seconds} s',
    started_at = started_at - interval '${seconds} s' where id = (select max(id) from migration.runs)`);
const nextLook = () => query("update migration.syncs set measured_at = null");

describe("a source that is followed", () => {
  it("has a delta begun an interval after the last run began, once, whoever looks", async () => {
    await follow(deps);
    expect(await runs()).toEqual([]);
    await createSync(deps.target, 60, order, by);
    await Promise.all([follow(deps), follow(deps), follow(deps)]);
    expect(await runs()).toEqual([{ id: 1, mode: "delta", status: "planned" }]);
    await query("update migration.runs set status = 'completed'");
    await follow(deps);
    await later(59);
    await follow(deps);
    expect(await runs()).toHaveLength(1);
    await later(2);
    await Promise.all([follow(deps), follow(deps)]);
    expect(await runs()).toHaveLength(2);
    expect(await sync()).toEqual([{ deltas: 2, run_id: 2, stop_code: null, stopped_by: null }]);
    const audit = await query("select actor, action, run_id from migration.audit_log order by id");
    expect(audit).toEqual([
      { actor: "tester", action: "sync", run_id: null },
      { actor: "tester", action: "start", run_id: 1 },
      { actor: "tester", action: "start", run_id: 2 },
    ]);
  });

  it("goes on with the bill of the embeddings: nobody started its deltas", async () => {
    await createSync(deps.target, 60, { ...order, embeddings: true }, by);
    await follow(deps);
    const bills = await query("select embeddings, new_bill from migration.runs");
    expect(bills).toEqual([{ embeddings: true, new_bill: false }]);
  });

  it("waits for what operators have asked for, and goes on after a run that failed", async () => {
    await seedRun(deps.target, { status: "failed", entities: {} });
    await later(61);
    await createSync(deps.target, 60, order, by);
    const asked = { entities: null, range: null, sample: null, codes: null };
    await createProof(deps.target, "verification", asked, by);
    await follow(deps);
    expect(await runs()).toHaveLength(1);
    await query("update migration.proofs set status = 'done', finished_at = now()");
    await follow(deps);
    expect(await runs()).toHaveLength(2);
    await query("update migration.runs set status = 'cancelled' where id = 2");
    await later(61);
    await query("update migration.runs set verify = true, status = 'completed' where id = 2");
    await follow(deps);
    expect(await runs()).toHaveLength(2);
    await query("update migration.runs set verify = false");
    await follow(deps);
    expect(await runs()).toHaveLength(3);
  });

  it("is followed no more where a delta needs a person, who is told why", async () => {
    const told = vi.spyOn(deps.log, "error");
    await createSync(deps.target, 60, order, by);
    await follow(deps);
    await query("update migration.runs set status = 'running'");
    await query("update migration.run_entities set status = 'settling'");
    await follow(deps);
    expect(await sync()).toMatchObject([{ stop_code: null }]);
    await query(
      "update migration.run_entities set status = 'blocked', error_code = 'rows_gone_from_source'",
    );
    await follow(deps);
    expect(await sync()).toMatchObject([
      { stop_code: "rows_gone_from_source", stopped_by: "extractor" },
    ]);
    await query("update migration.runs set status = 'cancelled'");
    await createSync(deps.target, 1, order, by);
    await later(2);
    await query("insert into public.practices (name) values ('Nobody knows')");
    await follow(deps);
    const stops = await query("select stop_code from migration.syncs order by id");
    expect(stops).toEqual([{ stop_code: "rows_gone_from_source" }, { stop_code: "strangers" }]);
    expect(told.mock.calls).toMatchObject([
      [
        { sync: 1, runId: 1, entity: "practices", code: "rows_gone_from_source" },
        expect.stringContaining("a person must look"),
      ],
      [{ sync: 2, code: "strangers" }, expect.stringContaining("a person must look")],
    ]);
    expect(await runs()).toHaveLength(1);
  });

  it("goes on while anything of its delta may still move beside what is blocked: a backup that is to be tried", async () => {
    deps = { ...deps, entities };
    await createSync(deps.target, 60, order, by);
    const runId = await seedRun(deps.target, {
      status: "running",
      entities: {
        practices: { status: "complete" },
        profiles: { status: "blocked" },
        practice_members: { status: "planned" },
        workflow_templates: { status: "planned" },
      },
    });
    await recordDeltaOf(deps.target, 1, runId);
    await follow(deps);
    expect(await sync()).toMatchObject([{ stop_code: null }]);
    await query(
      "update migration.run_entities set status = 'complete' where entity = 'workflow_templates'",
    );
    await follow(deps);
    expect(await sync()).toMatchObject([{ stop_code: "entity_blocked" }]);
  });

  it("is spared while it answers slowly: nothing of the delta is planned, offered or settled", async () => {
    await createSync(deps.target, 60, order, by);
    await follow(deps);
    const run = await runOf(deps);
    await markRunBegun(deps.target, run.id);
    await loadingEntity(deps.target, run.id, "practices", 2);
    await tick(deps, startMemory());
    const batches = () => query("select distinct status from migration.batches where seq > 1");
    expect(await batches()).toEqual([{ status: "queued" }]);
    await query("update migration.batches set attempts = 1 where seq = 1");
    const read = () => query("select status, attempts from migration.batches where seq = 1");
    const busy = await deps.legacy.connect();
    await busy.query("begin; lock table dispatch_office in access exclusive mode");
    await nextLook();
    await follow(deps);
    expect(
      await query(
        "select source_ms > source_limit_ms as slow, paused_since is not null as paused from migration.syncs",
      ),
    ).toEqual([{ slow: true, paused: true }]);
    expect(await batches()).toEqual([{ status: "planned" }]);
    await tick(deps, startMemory());
    await plan(deps, startMemory().setbacks);
    expect(await batches()).toEqual([{ status: "planned" }]);
    expect(await read(), "what a loader has begun to read is not read twice").toEqual([
      { status: "queued", attempts: 1 },
    ]);
    const { rows: unbegun } = await deps.target.query<{ id: number }>(
      "update migration.batches set status = 'queued' where seq = 2 returning id",
    );
    expect(await countAttempt(deps.target, unbegun[0]?.id ?? 0, 1)).toBeUndefined();
    await busy.query("rollback");
    busy.release();
    await nextLook();
    await query("update migration.batches set available_at = now()");
    await follow(deps);
    await tick(deps, startMemory());
    expect(await batches()).toEqual([{ status: "queued" }]);
    expect(await sync()).toMatchObject([{ stop_code: null, deltas: 1 }]);
  });

  it("lets its delta go on when it is followed no more while it is spared", async () => {
    await createSync(deps.target, 60, order, by);
    await follow(deps);
    await query("update migration.syncs set paused_since = now()");
    expect(await runOf(deps)).toMatchObject({ held: true });
    await stopSync(deps.target, "asked", by);
    expect(await runOf(deps)).toMatchObject({ held: false });
  });
});

describe("a cut-over of a source that is followed", () => {
  const asked = { order, quietSeconds: 1, withoutBackup: true, sourceFrozen: false };
  const steps = () => query("select step, status from migration.cutover_steps order by position");

  it("waits for its delta, and ends the following when the freeze begins; a rehearsal does not", async () => {
    await createSync(deps.target, 60, order, by);
    await follow(deps);
    await createCutover(deps.target, "plan", asked, by);
    await cutOver(deps);
    expect(await steps()).toEqual([{ step: "alone", status: "open" }]);
    await query("update migration.runs set status = 'completed'");
    await cutOver(deps);
    await cutOver(deps);
    const begun = [
      { step: "alone", status: "met" },
      { step: "source", status: "open" },
    ];
    expect(await steps()).toEqual(begun);
    expect(await sync()).toMatchObject([{ stop_code: null }]);
    await query("truncate migration.cutovers cascade");
    await createCutover(deps.target, "go", asked, by);
    await later(61);
    await follow(deps);
    expect(await runs()).toHaveLength(1);
    await cutOver(deps);
    await cutOver(deps);
    expect(await steps()).toEqual(begun);
    expect(await sync()).toMatchObject([{ stop_code: "cutover_began", stopped_by: "tester" }]);
    const told = await query(
      "select facts ->> 'followed' as sync from migration.cutover_steps where step = 'source'",
    );
    expect(told).toEqual([{ sync: "1" }]);
  });
});
