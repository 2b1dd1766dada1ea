import { openPool } from "@nexus/shared/database";
import { freshLedger, freshLogin } from "@nexus/shared/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { apiOn, type ApiUnderTest, apiUnderTest, metricsOf } from "../api.fixture.ts";

let api: ApiUnderTest;

beforeEach(async (context) => {
  api = await apiUnderTest(context);
});

describe("health", () => {
  it("is ready when target and queue answer", async () => {
    expect(await api.get("/healthz")).toMatchObject({ status: 200, body: { status: "ok" } });
    expect(await api.get("/readyz")).toMatchObject({
      status: 200,
      body: { target: "ok", queue: "ok" },
    });
  });

  it("names what does not answer, and stays healthy", async () => {
    api = apiOn(api.target, "postgres://a@b/c", () => Promise.reject(new Error("away")));
    expect(await api.get("/readyz")).toMatchObject({
      status: 503,
      type: "application/problem+json",
      body: { status: 503, code: "not_ready", target: "ok", queue: "unavailable" },
    });
    expect(await api.get("/healthz")).toMatchObject({ status: 200 });
  });
});

describe("without the target", () => {
  beforeEach((context) => {
    const nowhere = "postgres://sam:secret@127.0.0.1:1/nexus";
    const pool = openPool({ url: nowhere, max: 1, name: "test", onError: () => undefined });
    context.onTestFinished(() => pool.end());
    api = apiOn(pool, nowhere);
  });

  it("answers 503 without a word of what is inside", async () => {
    for (const answer of [
      await api.get("/v1/progress"),
      await api.post("/v1/runs"),
      await api.get("/v1/runs/1"),
    ]) {
      expect(answer).toMatchObject({ status: 503, body: { code: "unavailable" } });
      expect(JSON.stringify(answer.body)).not.toMatch(/secret|127|ECONN|select/);
    }
  });

  it("still shows its own metrics", async () => {
    expect(await metricsOf(api.target)).toContain("nexus_ledger_up 0");
    expect(await api.get("/readyz")).toMatchObject({
      status: 503,
      body: { target: "unavailable" },
    });
  });
});

describe("errors", () => {
  it("are problems even before a route is found, and repeat nothing of the request", async () => {
    for (const url of [
      "/v1/runs/%E0%A4%A",
      `/v1/entities/${"canary".repeat(50)}/exceptions`,
      "/v1/canary",
    ]) {
      const answer = await api.get(url);
      expect(answer.type).toBe("application/problem+json");
      expect(answer.status).toBeLessThan(500);
      expect(JSON.stringify(answer.body)).not.toContain("canary");
    }
  });

  it("show nothing of a defect", async () => {
    await api.target.query(
      `create function migration.refuse() returns trigger language plpgsql as
         $$ begin raise exception 'invalid input "canary"' using errcode = '22P02'; end $$;
       create trigger refuse before insert on migration.runs for each row execute function migration.refuse()`,
    );
    const answer = await api.post("/v1/runs");
    expect(answer).toMatchObject({ status: 500, body: { code: "internal" } });
    expect(JSON.stringify(answer.body)).not.toContain("canary");
  });
});

describe("a target without a ledger", () => {
  it("answers 503 with the code not_migrated", async () => {
    await api.target.query("drop schema migration cascade");
    expect(await api.get("/v1/progress")).toMatchObject({
      status: 503,
      body: { code: "not_migrated" },
    });
  });
});

describe("a target whose ledger the role may not read", () => {
  it("answers 503 with the code target_denies", async (context) => {
    const { url } = await freshLedger(context);
    const login = await freshLogin(context, url);
    const pool = openPool({ url: login.href, max: 1, name: "test", onError: () => undefined });
    context.onTestFinished(() => pool.end());
    const answer = await apiOn(pool, login.href).get("/v1/progress");
    expect(answer).toMatchObject({ status: 503, body: { code: "target_denies" } });
  });
});
