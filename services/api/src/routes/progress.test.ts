import { completeRun, rollUpCounts, markComplete, markSettling } from "@nexus/shared/ledger";
import { seedRun } from "@nexus/shared/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { type ApiUnderTest, apiUnderTest, loadingRun, metricsOf } from "../api.fixture.ts";

let api: ApiUnderTest;

beforeEach(async (context) => {
  api = await apiUnderTest(context);
});

describe("GET /v1/progress", () => {
  it("is empty before the first run", async () => {
    expect(await api.get("/v1/progress")).toMatchObject({
      status: 200,
      body: {
        run: null,
        entities: [],
        totals: { percent: 0, sumClosed: true },
        rowsPerSecond: 0,
        eta: null,
        limitedBy: null,
      },
    });
  });

  it("says of each entity where it is and why", async () => {
    await seedRun(api.target, {
      status: "running",
      entities: {
        practices: { status: "blocked", batches: [{ status: "failed" }] },
        profiles: { status: "planned", batches: [{ status: "planned" }] },
        patients: { status: "waiting" },
      },
    });
    await api.target.query(
      `update migration.run_entities set batches_failed = 1 where entity = 'practices'`,
    );
    const { body } = await api.get("/v1/progress");
    expect(body["entities"]).toMatchObject([
      {
        entity: "practices",
        why: "batches that failed for good: 1; requeue them, or waive it",
        waitingFor: [],
      },
      { entity: "profiles", why: "it waits for practices", waitingFor: ["practices"] },
      { entity: "patients", why: "its source has not been cut into batches yet" },
    ]);
  });

  it("shows the rate of the last half minute, and when it will be done", async () => {
    const runId = await loadingRun(api.target);
    await rollUpCounts(api.target, runId, ["patients"]);
    await api.target.query(`update migration.runs set started_at = now() - interval '5 s'`);
    await api.target.query(
      `update migration.run_entities set started_at = now() - interval '5 s' where entity = 'patients'`,
    );
    const { body } = await api.get("/v1/progress");
    expect(body).toMatchObject({ rowsPerSecond: 2, limitedBy: { by: "target" } });
    expect(body["eta"]).toMatchObject({
      seconds: expect.toSatisfy((s: number) => s >= 10 && s <= 12),
    });
    expect(body["totals"]).toMatchObject({
      expected: 30,
      read: 10,
      loaded: 9,
      rejected: 1,
      percent: 33.3,
    });
  });

  it.each([
    ["whatever the cause", "select", { by: "no_loader" }],
    [
      "where one table is locked for hours, too",
      "update migration.holds set code = '55P03', since = now() - interval '2 h', seen_at = now() where server = 'source'",
      { by: "source", says: expect.stringContaining("holds a part of the run up") },
    ],
  ])("says when it stands still, %s", async (_, sql, limitedBy) => {
    await loadingRun(api.target);
    await api.target.query(sql);
    expect((await api.get("/v1/progress")).body).toMatchObject({ stalled: null });
    await api.target.query(
      `update migration.runs set created_at = now() - interval '99 s', started_at = now() - interval '99 s';
       update migration.run_entities set started_at = now() - interval '99 s', moved_at = null, settled_at = null;
       update migration.batches set finished_at = finished_at - interval '99 s'`,
    );
    expect((await api.get("/v1/runs/1")).body).toMatchObject({
      stalled: {
        says: expect.stringMatching(
          /^nothing has moved for \d+ s, and work is ready: patients has \d+ batches/,
        ),
        entities: ["patients"],
      },
      limitedBy,
    });
    expect(await metricsOf(api.target)).toMatch(/^nexus_run_stalled_seconds \d\d/m);
  });

  it("tells no time while it is paused, and that an operator limits it", async () => {
    const runId = await loadingRun(api.target);
    await api.post(`/v1/runs/${runId}/pause`);
    expect((await api.get("/v1/progress")).body).toMatchObject({
      eta: null,
      limitedBy: { by: "operator" },
    });
  });

  it("never falls, never passes 100, and is 100 only when everything is settled", async () => {
    const runId = await loadingRun(api.target);
    const shown: number[][] = [];
    const look = async () => {
      await rollUpCounts(api.target, runId, ["profiles", "patients"]);
      const { body } = await api.get("/v1/progress");
      const { totals, entities } = z
        .object({ totals: share, entities: z.array(share) })
        .parse(body);
      shown.push([totals.percent, ...entities.map(({ percent }) => percent)]);
    };
    await look();
    await api.target.query(`update migration.batches set read = 5000 where status = 'done'`);
    await look();
    await api.target.query(`update migration.batches set read = 8 where status = 'done'`);
    await look();
    await markSettling(api.target, runId, "patients");
    await markComplete(api.target, runId, "patients");
    await look();
    await api.post("/v1/entities/patients/requeue", { scope: "all" });
    await look();
    await api.target.query(`update migration.batches set status = 'queued'`);
    await api.target.query(`update migration.batches set status = 'done'`);
    await markSettling(api.target, runId, "patients");
    await markComplete(api.target, runId, "patients");
    await completeRun(api.target, runId);
    await look();
    expect(shown).toEqual([
      [33.3, 100, 33.3],
      [99.9, 100, 99.9],
      [99.9, 100, 99.9],
      [99.9, 100, 100],
      [99.9, 100, 100],
      [100, 100, 100],
    ]);
  });

  it("says so when a row has no outcome, or two", async () => {
    await loadingRun(api.target);
    await api.target.query(
      `update migration.run_entities set read = 10, loaded = 9 where entity = 'patients'`,
    );
    const { body } = await api.get("/v1/progress");
    expect(body).toMatchObject({
      totals: { sumClosed: false },
      entities: [{ sumClosed: true }, { sumClosed: false }],
    });
  });
});

describe("the metrics", () => {
  it("shows the newest run from its rolled-up counts", async () => {
    const runId = await loadingRun(api.target);
    await rollUpCounts(api.target, runId, ["patients"]);
    const body = await metrics();
    expect(body).toContain("nexus_run_active 1");
    expect(body).toContain(`nexus_rows{entity="patients",outcome="loaded"} 9`);
    expect(body).toContain(`nexus_rows{entity="patients",outcome="rejected"} 1`);
    expect(body).toContain(`nexus_batches{entity="patients",state="open"} 1`);
    expect(body).toContain("process_cpu_user_seconds_total");
    expect(body).not.toMatch(/^nodejs_active_\w+_total/m);
  });

  it("forgets the entities of the run before", async () => {
    await seedRun(api.target, {
      status: "completed",
      entities: { practices: { status: "complete" } },
    });
    expect(await metrics()).toContain(`nexus_entity_settled{entity="practices"} 1`);
    await seedRun(api.target, { status: "planned", entities: { patients: { status: "waiting" } } });
    const body = await metrics();
    expect(body).toContain(`nexus_entity_settled{entity="practices"} 0`);
    expect(body).toContain(`nexus_entity_settled{entity="patients"} 0`);
  });
});

const share = z.object({ percent: z.number() });

const metrics = (): Promise<string> => metricsOf(api.target);
