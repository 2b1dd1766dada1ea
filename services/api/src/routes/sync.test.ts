import { seedRun } from "@nexus/shared/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { type ApiUnderTest, apiUnderTest, known, metricsOf } from "../api.fixture.ts";

let api: ApiUnderTest;

beforeEach(async (context) => {
  api = await apiUnderTest(context);
});

describe("/v1/sync", () => {
  it("shows that nothing was ever followed, and what is known all the same", async () => {
    expect(await api.get("/v1/sync")).toMatchObject({
      status: 200,
      body: { following: null, lag: known.map((entity) => ({ entity, seconds: null })) },
    });
  });

  it("follows with what a run would take, once, and stops; both with who and why", async () => {
    const asked = { everySeconds: 300, skip: ["patients"], lossPercent: 2, reason: "the clinic" };
    expect(await api.post("/v1/sync", asked)).toMatchObject({ status: 201, body: { id: 1 } });
    const kept = await api.target.query<{ asked: string }>("select asked from migration.syncs");
    expect(JSON.parse(kept.rows[0]?.asked ?? "{}")).toEqual({
      codes: `{"case_state":{}}`,
      embeddings: true,
      dify: false,
      accounts: false,
      lossPercent: 2,
      skip: ["patients"],
    });
    const { body } = await api.get("/v1/sync");
    expect(body).toMatchObject({
      following: {
        everySeconds: 300,
        entities: null,
        skip: ["patients"],
        reason: "the clinic",
        deltas: 0,
        run: null,
        waitsFor: null,
        source: null,
        stopped: null,
      },
      lag: [{ entity: "practices" }, { entity: "profiles" }],
    });
    expect(await api.post("/v1/sync", asked)).toMatchObject({
      status: 409,
      body: { code: "sync_on", syncId: 1 },
    });
    expect(await api.post("/v1/sync/stop", { reason: "the weekend" })).toMatchObject({
      status: 200,
      body: { id: 1, status: "stopped" },
    });
    expect((await api.get("/v1/sync")).body).toMatchObject({
      following: {
        nextAt: null,
        stopped: { code: "asked", says: "somebody stopped it", reason: "the weekend" },
      },
    });
    expect(await api.post("/v1/sync/stop")).toMatchObject({
      status: 409,
      body: { code: "sync_off" },
    });
    const audit = await api.target.query("select actor, action, reason from migration.audit_log");
    expect(audit.rows).toEqual([
      { actor: "unverified:sam@clinic", action: "sync", reason: "the clinic" },
      { actor: "unverified:sam@clinic", action: "stop_sync", reason: "the weekend" },
    ]);
  });

  it("refuses what could never begin, and waits for what is under way", async () => {
    expect(await api.post("/v1/sync", { everySeconds: 1, entities: ["people"] })).toMatchObject({
      status: 400,
      body: { code: "unknown_entity" },
    });
    expect(await api.post("/v1/sync", { everySeconds: 1, skip: known })).toMatchObject({
      body: { code: "nothing_selected" },
    });
    expect(await api.post("/v1/sync", { everySeconds: 0 })).toMatchObject({ status: 400 });
    await api.post("/v1/cutover", { kind: "go" });
    expect(await api.post("/v1/sync", { everySeconds: 60 })).toMatchObject({
      body: { code: "cutover_open" },
    });
    await api.post("/v1/cutover/cancel");
    await seedRun(api.target, { status: "running", entities: {} });
    await api.target.query("update migration.runs set created_at = now() - interval '2 min'");
    expect(await api.post("/v1/sync", { everySeconds: 60 })).toMatchObject({ status: 201 });
    expect((await api.get("/v1/sync")).body).toMatchObject({
      following: { waitsFor: "run_active" },
    });
  });
});

describe("what is refused because a delta runs", () => {
  it.each([
    ["/v1/verifications", {}],
    ["/v1/adoptions", { kind: "plan" }],
    ["/v1/runs/1/rollback", { plan: true }],
    ["/v1/runs", {}],
  ])("says that the source is followed, and how to have a turn: %s", async (url, body) => {
    await seedRun(api.target, { status: "running", entities: {} });
    const alone = await api.post(url, body);
    expect(alone.body).toMatchObject({ code: "run_active", runId: 1 });
    expect(alone.body).not.toHaveProperty("syncId");
    await api.post("/v1/sync", { everySeconds: 60 });
    const refused = await api.post(url, body);
    expect(refused.body).toMatchObject({ code: "run_active", runId: 1, syncId: 1 });
    expect(refused.body["detail"]).toContain("nexus sync --stop");
  });
});

/** A lag goes on while a test does. */
function about(name: string, value: number): number {
  return name.startsWith("nexus_sync_lag") ? Math.floor(value / 20) * 20 : Math.round(value);
}

describe("the metrics of following", () => {
  const figures = async () => {
    const text = await metricsOf(api.target);
    return [...text.matchAll(/^(nexus_sync_\w+(?:{[^}]*})?) (.+)$/gm)].map(
      ([, name = "", value]) => [name, about(name, Number(value))] as const,
    );
  };

  it("are the lag of each entity, the interval, the source's speed and whether it is spared", async () => {
    expect(new Map(await figures()).get("nexus_sync_interval_seconds")).toBe(0);
    await seedRun(api.target, {
      status: "completed",
      entities: { practices: { status: "complete" }, profiles: { status: "complete" } },
    });
    await api.target.query(
      `update migration.run_entities set gone_compared_at = now() where entity = 'practices';
       update migration.runs set created_at = now() - interval '100 s'`,
    );
    await api.post("/v1/sync", { everySeconds: 60, skip: ["patients"] });
    await api.target.query(
      `update migration.syncs set run_id = 1, created_at = now() - interval '40 s', source_ms = 1500, source_limit_ms = 500,
         measured_at = now(), paused_since = now()`,
    );
    expect(await figures()).toEqual([
      [`nexus_sync_lag_seconds{entity="practices"}`, 100],
      [`nexus_sync_lag_seconds{entity="profiles"}`, 40],
      [`nexus_sync_lag_seconds{entity="patients"}`, 0],
      ["nexus_sync_interval_seconds", 60],
      ["nexus_sync_paused", 1],
      ["nexus_sync_source_seconds", 2],
      ["nexus_sync_stopped", 0],
    ]);
    // No delta is due, and none runs: nobody has looked at the source since.
    await api.target.query("update migration.runs set created_at = now()");
    expect(new Map(await figures()).get("nexus_sync_paused")).toBe(0);
    expect((await api.get("/v1/sync")).body).toMatchObject({
      following: { waitsFor: null, source: { pausedSince: null } },
    });
    await api.post("/v1/sync/stop");
    expect((await figures()).map(([, value]) => value)).toEqual([0, 0, 0, 0, 0, 0, 0]);
  });

  it("say that a person must look when it has ended, until it is followed again or the target is handed over", async () => {
    const stopped = async () => new Map(await figures()).get("nexus_sync_stopped");
    await api.post("/v1/sync", { everySeconds: 60 });
    const ended = (code: string) =>
      api.target.query(
        "update migration.syncs set stopped_at = now(), stopped_by = 'extractor', stop_code = $1",
        [code],
      );
    const told: Record<string, number | undefined> = {};
    for (const code of ["asked", "cutover_began", "cut_over", "strangers", "unknown_entity"]) {
      await ended(code);
      told[code] = await stopped();
    }
    expect(told).toEqual({
      asked: 0,
      cutover_began: 0,
      cut_over: 0,
      strangers: 1,
      unknown_entity: 1,
    });
    await api.post("/v1/sync", { everySeconds: 60 });
    expect(await stopped()).toBe(0);
    await ended("entity_blocked");
    expect(await stopped()).toBe(1);
    await api.post("/v1/cutover", { kind: "go" });
    await api.target.query("update migration.cutovers set status = 'done', finished_at = now()");
    expect(await stopped()).toBe(0);
  });
});
