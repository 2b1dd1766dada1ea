import { eventually, lockWaits } from "@nexus/shared/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { type ApiUnderTest, apiUnderTest, known, loadingRun } from "../api.fixture.ts";

let api: ApiUnderTest;

beforeEach(async (context) => {
  api = await apiUnderTest(context);
});

describe("POST /v1/runs", () => {
  it("starts a run of everything and says whose duty the backup is", async () => {
    const answer = await api.post("/v1/runs");
    expect(answer).toMatchObject({ status: 201, body: { runId: 1, entities: known } });
    const run = await api.target.query(
      `select status, embeddings, codes::text from migration.runs`,
    );
    expect(run.rows).toEqual([
      { status: "planned", embeddings: true, codes: `{"case_state": {}}` },
    ]);
    expect(answer.body["warnings"]).toEqual([
      expect.stringMatching(/backup.*pg_dump --format=custom/),
    ]);
  });

  it("takes the selection, and keeps who asked and why", async () => {
    const order = {
      entities: ["profiles", "patients"],
      skip: ["profiles"],
      embeddings: false,
      reason: "a trial",
    };
    expect(await api.post("/v1/runs", order)).toMatchObject({
      status: 201,
      body: { entities: ["patients"] },
    });
    const audit = await api.target.query(`select actor, action, reason from migration.audit_log`);
    expect(audit.rows).toEqual([
      { actor: "unverified:sam@clinic", action: "start", reason: "a trial" },
    ]);
  });

  it("reads every row unless it is told to read what changed, and shows which", async () => {
    expect(await api.post("/v1/runs")).toMatchObject({ status: 201 });
    expect(await api.get("/v1/runs/1")).toMatchObject({ body: { run: { mode: "full" } } });
    await api.post("/v1/runs/1/cancel");
    expect(await api.post("/v1/runs", { mode: "delta" })).toMatchObject({ status: 201 });
    expect(await api.get("/v1/runs/2")).toMatchObject({ body: { run: { mode: "delta" } } });
    const audit = await api.target.query(
      `select details ->> 'mode' as mode from migration.audit_log where action = 'start' order by id`,
    );
    expect(audit.rows).toEqual([{ mode: null }, { mode: "delta" }]);
    expect(await api.post("/v1/runs", { mode: "half" })).toMatchObject({ status: 400 });
  });

  it("makes one run of twenty requests at once, and tells the others which", async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => api.post("/v1/runs")));
    const made = answers.filter(({ status }) => status === 201);
    const refused = answers.filter(({ body }) => body["code"] === "run_active");
    expect([made.length, refused.length]).toEqual([1, 19]);
    for (const { status, body } of refused)
      expect([status, body["runId"]]).toEqual([409, made[0]?.body["runId"]]);
    expect((await api.target.query(`select from migration.runs`)).rowCount).toBe(1);
    expect((await api.target.query(`select from migration.audit_log`)).rowCount).toBe(1);
  });

  it("refuses what extractors and loaders would refuse: a target whose sessions replicate", async () => {
    const { rows } = await api.target.query("select current_database() as name");
    await api.target.query(
      `alter database ${rows[0]?.name} set session_replication_role = replica`,
    );
    expect(await api.post("/v1/runs")).toMatchObject({
      status: 409,
      body: {
        code: "target_unfit",
        detail: expect.stringContaining("session_replication_role is replica"),
      },
    });
    expect((await api.target.query("select from migration.runs")).rowCount).toBe(0);
  });

  it("refuses names that nobody knows, and lists those that are known", async () => {
    expect(await api.post("/v1/runs", { entities: ["patient"] })).toMatchObject({
      status: 400,
      body: { code: "unknown_entity", known },
    });
    expect(await api.post("/v1/runs", { skip: known })).toMatchObject({
      status: 400,
      body: { code: "nothing_selected" },
    });
  });

  it("lists every field that is wrong, and the fields that there are", async () => {
    const answer = await api.post("/v1/runs", { entities: [], embedings: true, skip: "patients" });
    expect(answer).toMatchObject({
      status: 400,
      type: "application/problem+json",
      body: { code: "invalid_request" },
    });
    const said = JSON.stringify(answer.body["fields"]);
    expect(said).toContain(`"field":"entities"`);
    expect(said).toContain(`"field":"skip"`);
    expect(said).toContain(
      "embedings is not known; known are entities, skip, embeddings, dify, accounts, lossPercent, leaveStrangers, afterCutover, mode, reason",
    );
  });

  it("refuses what is not JSON, and what is too much", async () => {
    const send = async (type: string, payload: string) => {
      const { statusCode, body } = await api.app.inject({
        method: "POST",
        url: "/v1/runs",
        headers: { "content-type": type },
        payload,
      });
      return [statusCode, JSON.parse(body).code];
    };
    expect(await send("application/json", "{")).toEqual([400, "invalid_request"]);
    expect(await send("application/json", "")).toEqual([400, "invalid_request"]);
    expect(await send("application/xml", "<run/>")).toEqual([415, "unsupported_media_type"]);
    expect(await send("application/json", `"${"x".repeat(70_000)}"`)).toEqual([413, "too_large"]);
  });
});

describe("/v1/runs/:id", () => {
  it("pauses, resumes and cancels", async () => {
    const runId = await loadingRun(api.target);
    expect(await api.post(`/v1/runs/${runId}/pause`)).toMatchObject({
      status: 200,
      body: { status: "paused", batches: 1 },
    });
    expect(await api.post(`/v1/runs/${runId}/pause`)).toMatchObject({
      status: 409,
      body: { code: "wrong_status", status: 409, runStatus: "paused", runId },
    });
    expect(await api.post(`/v1/runs/${runId}/resume`, {})).toMatchObject({
      status: 200,
      body: { status: "running" },
    });
    expect(await api.post(`/v1/runs/${runId}/cancel`, { reason: "enough" })).toMatchObject({
      status: 200,
      body: { status: "cancelled", batches: 2 },
    });
    const audit = await api.target.query(
      `select action, reason from migration.audit_log order by id`,
    );
    expect(audit.rows.map((row) => Object.values(row))).toEqual([
      ["pause", null],
      ["resume", null],
      ["cancel", "enough"],
    ]);
  });

  it("answers a pause only when the batch in flight is committed", async () => {
    const runId = await loadingRun(api.target);
    const loader = await api.target.connect();
    await loader.query("begin");
    await loader.query(`select from migration.batches where status = 'queued' for update`);
    const paused = api.post(`/v1/runs/${runId}/pause`);
    await eventually(async () => (await lockWaits(api.target)) === 1);
    await loader.query(`update migration.batches set status = 'done' where status = 'queued'`);
    await loader.query("commit");
    loader.release();
    expect(await paused).toMatchObject({ status: 200, body: { batches: 0 } });
  });

  it("shows a run, and does not find one that is not there", async () => {
    const runId = await loadingRun(api.target);
    expect(await api.get(`/v1/runs/${runId}`)).toMatchObject({
      status: 200,
      body: { run: { id: runId } },
    });
    for (const answer of [
      await api.get("/v1/runs/99"),
      await api.post("/v1/runs/99/cancel"),
      await api.get("/v1/nothing"),
    ])
      expect(answer).toMatchObject({
        status: 404,
        type: "application/problem+json",
        body: { code: "not_found" },
      });
    expect(await api.get("/v1/runs/one")).toMatchObject({
      status: 400,
      body: { fields: [{ field: "id", problem: "must be the number of a run" }] },
    });
  });

  it("shows how many rows were dealt with when", async () => {
    const runId = await loadingRun(api.target);
    await api.target.query(
      `update migration.runs set started_at = now() - interval '2 min' where id = $1`,
      [runId],
    );
    await api.target.query(
      `update migration.batches set finished_at = now() - interval '61 s', duration_ms = 59000 where status = 'done'`,
    );
    const { body } = await api.get(`/v1/runs/${runId}/throughput`);
    expect(body["sliceSeconds"]).toBeCloseTo(2, 1);
    expect(body["slices"]).toEqual([...Array<number>(29).fill(0), 10]);
    expect(await api.get("/v1/runs/99/throughput")).toMatchObject({
      status: 404,
      body: { code: "not_found" },
    });
  });

  it("has no throughput before its first batch", async () => {
    await api.post("/v1/runs");
    expect((await api.get("/v1/runs/1/throughput")).body).toEqual({
      from: null,
      sliceSeconds: 0,
      slices: [],
    });
  });
});
