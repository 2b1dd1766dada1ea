import { seedRun } from "@nexus/shared/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { type ApiUnderTest, apiUnderTest, loadingRun, metricsOf } from "../api-under-test.ts";

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
    await api.target.query(`update migration.run_entities set batches_failed = 1 where entity = 'practices'`);
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
    await loadingRun(api.target);
    await foldCounts();
    await api.target.query(`update migration.runs set started_at = now() - interval '5 s'`);
    const { body } = await api.get("/v1/progress");
    expect(body).toMatchObject({ rowsPerSecond: 2, etaSeconds: 10 });
    expect(body["totals"]).toMatchObject({ expected: 30, read: 10, loaded: 9, rejected: 1, percent: 33.3 });
  });

  it("never shows 100 percent before everything is settled, however much the source has grown", async () => {
    await loadingRun(api.target);
    await api.target.query(`update migration.run_entities set read = 5000, loaded = 5000`);
    const growing = await api.get("/v1/progress");
    expect(growing.body["totals"]).toMatchObject({ percent: 99.9 });
    expect(growing.body["entities"]).toMatchObject([{ percent: 100 }, { percent: 99.9, drift: null }]);
    await api.target.query(`delete from migration.run_entities where entity = 'patients'`);
    const settled = await api.get("/v1/progress");
    expect(settled.body).toMatchObject({ totals: { percent: 100 }, entities: [{ drift: 5000 }] });
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
  it("shows the newest run from its folded counts", async () => {
    await loadingRun(api.target);
    await foldCounts();
    const body = await metrics();
    expect(body).toContain("nexus_run_active 1");
    expect(body).toContain(`nexus_rows{entity="patients",outcome="loaded"} 9`);
    expect(body).toContain(`nexus_rows{entity="patients",outcome="rejected"} 1`);
    expect(body).toContain(`nexus_batches{entity="patients",state="open"} 2`);
    expect(body).toContain("process_cpu_user_seconds_total");
    expect(body).not.toMatch(/^nodejs_active_\w+_total/m);
  });

  it("forgets the entities of the run before", async () => {
    await seedRun(api.target, { status: "completed", entities: { practices: { status: "complete" } } });
    expect(await metrics()).toContain(`nexus_entity_settled{entity="practices"} 1`);
    await seedRun(api.target, { status: "planned", entities: { patients: { status: "waiting" } } });
    const body = await metrics();
    expect(body).not.toContain(`entity="practices"`);
    expect(body).toContain(`nexus_entity_settled{entity="patients"} 0`);
  });
});

async function foldCounts(): Promise<void> {
  await api.target.query(
    `update migration.run_entities set read = 10, loaded = 9, rejected = 1, batches_done = 1 where entity = 'patients'`,
  );
}

const metrics = (): Promise<string> => metricsOf(api.target);
