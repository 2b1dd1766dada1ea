import { eventually } from "@nexus/shared/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { type ApiUnderTest, apiUnderTest, loadingRun } from "../api.fixture.ts";

let api: ApiUnderTest;
beforeEach(async (context) => {
  api = await apiUnderTest(context);
});

describe("a POST with an Idempotency-Key", () => {
  it("makes exactly one run of a hundred at once, and repeats its answer afterwards", async () => {
    const answers = await Promise.all(Array.from({ length: 100 }, () => post("start-1")));
    const done = answers.filter(({ statusCode }) => statusCode === 201);
    const waiting = answers.filter(({ statusCode }) => statusCode === 409);
    expect(done.length + waiting.length).toBe(100);
    for (const { body } of waiting)
      expect(JSON.parse(body)).toMatchObject({ code: "idempotency_in_flight" });
    expect((await api.target.query("select from migration.runs")).rowCount).toBe(1);
    expect((await api.target.query("select from migration.audit_log")).rowCount).toBe(1);

    const again = await post("start-1");
    expect([again.statusCode, again.body]).toEqual([201, done[0]?.body]);
    expect(again.headers).toMatchObject({
      "idempotency-replayed": "true",
      "content-type": done[0]?.headers["content-type"],
    });
  });

  it("makes one run of a hundred different keys, too", async () => {
    const answers = await Promise.all(Array.from({ length: 100 }, (_, n) => post(`start-${n}`)));
    expect(answers.filter(({ statusCode }) => statusCode === 201)).toHaveLength(1);
    expect((await api.target.query("select from migration.runs")).rowCount).toBe(1);
  });

  it("repeats a refusal as well, whatever has changed meanwhile", async () => {
    const runId = await loadingRun(api.target);
    expect((await post("start-1")).statusCode).toBe(409);
    await api.post(`/v1/runs/${runId}/cancel`);
    expect(JSON.parse((await post("start-1")).body)).toMatchObject({ code: "run_active", runId });
    expect((await post("start-2")).statusCode).toBe(201);
  });

  it("is refused with another body, or for another route", async () => {
    await post("start-1", { embeddings: false });
    for (const other of [
      post("start-1", { embeddings: true }),
      post("start-1", {}, "/v1/entities/patients/start"),
    ])
      expect(await other.then(({ body }) => JSON.parse(body))).toMatchObject({
        status: 422,
        code: "idempotency_key_reused",
      });
    expect((await post("start-1", { embeddings: false })).statusCode).toBe(201);
    expect((await post(" ")).statusCode).toBe(400);
  });

  it("is done again after a failure of ours", async () => {
    await api.target.query("alter table migration.runs rename to runs_away");
    expect((await post("start-1")).statusCode).toBe(503);
    await api.target.query("alter table migration.runs_away rename to runs");
    expect((await post("start-1")).statusCode).toBe(201);
  });

  it("is forgotten after a day, and free again a minute after its process died", async () => {
    await post("start-1");
    await age("25 hours");
    expect((await post("start-1")).statusCode).toBe(409);
    expect((await post("start-1")).body).toContain("run_active");
    await api.target.query(
      "update migration.idempotency_keys set status = null, content_type = null, body = null, action = null",
    );
    expect((await post("start-1")).body).toContain("idempotency_in_flight");
    await age("61 seconds");
    expect((await post("start-1")).body).toContain("run_active");
  });

  it("is done once even if its process died before it had answered, and the run is over", async () => {
    const first = JSON.parse((await post("start-1")).body);
    // As the process leaves it that is killed at this point.
    await api.target.query(
      "update migration.idempotency_keys set status = null, content_type = null, body = null",
    );
    await api.post(`/v1/runs/${first.runId}/cancel`);
    expect((await post("start-1")).body).toContain("idempotency_in_flight");
    await age("61 seconds");
    const again = await post("start-1");
    expect(JSON.parse(again.body)).toMatchObject({
      status: 409,
      code: "already_done",
      action: "start",
      runId: first.runId,
    });
    expect((await api.target.query("select from migration.runs")).rowCount).toBe(1);
  });

  it.each([
    ["/v1/sync", { everySeconds: 60 }, "sync"],
    ["/v1/sync/stop", {}, "stop_sync"],
  ])("is done once of %s, too, whatever others asked for meanwhile", async (url, body, action) => {
    if (action === "stop_sync") await api.post("/v1/sync", { everySeconds: 60 });
    expect((await post("once", body, url)).statusCode).toBeLessThan(300);
    await api.target.query(
      "update migration.idempotency_keys set status = null, content_type = null, body = null",
    );
    await age("61 seconds");
    const other = action === "sync" ? "/v1/sync/stop" : "/v1/sync";
    await api.post(other, action === "sync" ? {} : { everySeconds: 30 });
    const again = await post("once", body, url);
    expect(JSON.parse(again.body)).toMatchObject({ code: "already_done", action });
    const acts = "select from migration.audit_log where action = $1";
    expect((await api.target.query(acts, [action])).rowCount).toBe(1);
  });

  it("is told what it has done where only the answer failed", async () => {
    await api.target.query("alter table migration.heartbeats rename to heartbeats_away");
    expect((await post("start-1")).statusCode).toBe(503);
    await api.target.query("alter table migration.heartbeats_away rename to heartbeats");
    expect((await post("start-1")).body).toContain("already_done");
    expect((await api.target.query("select from migration.runs")).rowCount).toBe(1);
  });

  it("keeps neither the key nor the request", async () => {
    await post("canary-key", { reason: "canary-reason" });
    const kept = await api.target.query<{ row: string }>(
      "select k::text as row from migration.idempotency_keys k",
    );
    expect(kept.rows).toHaveLength(1);
    expect(kept.rows[0]?.row).not.toContain("canary");
  });
});

async function post(key: string, payload: object = {}, url = "/v1/runs") {
  const headers = { "idempotency-key": key };
  return await api.app.inject({ method: "POST", url, headers, payload });
}

async function age(by: string): Promise<void> {
  await eventually(async () => {
    const aged = await api.target.query(
      "update migration.idempotency_keys set claimed_at = claimed_at - $1::interval",
      [by],
    );
    return aged.rowCount === 1;
  });
}
