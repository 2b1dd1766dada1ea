import { openBudget } from "@nexus/shared/ledger";
import type { Pool } from "@nexus/shared/database";
import { freshTarget, needsVectors } from "@nexus/shared/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { apiOn, type ApiUnderTest, apiUnderTest } from "../api.fixture.ts";

let api: ApiUnderTest;
let target: Pool;

beforeEach(async (context) => {
  target = await freshTarget(context);
  needsVectors(context);
  api = apiOn(target, "postgres://nobody@nowhere.test/x");
});

describe("GET /v1/embeddings", () => {
  it("is idle while there is nothing to embed", async () => {
    expect(await api.get("/v1/embeddings")).toMatchObject({
      status: 200,
      body: {
        status: "idle",
        pausedBecause: null,
        items: { open: 0, done: 0, empty: 0, failed: 0 },
        usage: { calls: 0, tokens: 0, costUsd: 0 },
        forecast: {
          items: 0,
          calls: 0,
          tokens: 0,
          seconds: null,
          boundBy: null,
          costUsd: null,
          uncounted: [],
        },
        budget: null,
        index: { state: "absent", percent: null },
      },
    });
  });

  it("says what is open, what was done and what it cost", async () => {
    await target.query(
      `insert into migration.content_events (content_type, target_ids, pages_done)
         select 'case', array_agg(gen_random_uuid()), '{0}' from generate_series(1, 70);
       insert into migration.embedding_items (content_type, content_id, version, chunks)
         select 'case', gen_random_uuid(), '1', n % 2 from generate_series(1, 3) n;
       insert into migration.embedding_failures (content_type, content_id, version, code) values ('case', gen_random_uuid(), '1', 'x');
       insert into migration.embedding_usage (model, day, calls, tokens, microdollars) values
         ('m', '2026-01-03', 2, 40, 800000), ('other', '2026-01-03', 1, 20, 400000), ('m', '2026-01-02', 2, 40, 800000), ('dify', '2026-01-02', 9, 9, 9);
       insert into migration.rate_budget (model, requests_per_minute, request_rate, request_burst, token_rate, token_burst, requests, tokens,
         microdollars_per_million_tokens, cap_microdollars, run_microdollars) values ('m', 60, 1, 1, 1, 1, 0, 0, 20000, 5000000, 1250000)`,
    );
    expect((await api.get("/v1/embeddings")).body).toMatchObject({
      status: "embedding",
      items: { open: 20, done: 2, empty: 1, failed: 1 },
      vectors: 2,
      usage: { calls: 5, tokens: 100, costUsd: 2 },
      days: [
        { day: "2026-01-02", calls: 2, throttled: 0, tokens: 40, costUsd: 0.8 },
        { day: "2026-01-03", calls: 3, throttled: 0, tokens: 60, costUsd: 1.2 },
      ],
      budget: { requestsPerMinute: 60, tokensPerMinute: null, share: 1, capUsd: 5, spentUsd: 1.25 },
    });
  });
});

describe("the forecast", () => {
  it("counts what is open and what a run may yet change, by what content came to so far", async () => {
    await openBudget(target, {
      model: "titan",
      requestsPerMinute: 60,
      tokensPerMinute: null,
      usdPer1kTokens: 0.00002,
      capUsd: null,
    });
    await target.query(
      `insert into migration.embedding_items (content_type, content_id, version, chunks)
         select 'case', gen_random_uuid(), '1', 1 from generate_series(1, 2000);
       insert into migration.embedding_usage (model, day, calls, tokens) values ('titan', current_date, 1000, 30000);
       insert into migration.content_events (content_type, target_ids) select 'case', array_agg(gen_random_uuid()) from generate_series(1, 100);
       insert into migration.runs (status, embeddings) values ('completed', true), ('running', true);
       insert into migration.run_entities (run_id, entity, position, status, expected, read) values
         (1, 'cases', 1, 'complete', 7000, 7000), (1, 'patients', 2, 'complete', 500, 500), (1, 'profiles', 3, 'complete', 900, 900),
         (2, 'cases', 1, 'loading', 8000, 2000), (2, 'patients', 2, 'waiting', 0, 0), (2, 'profiles', 3, 'waiting', 0, 0)`,
    );
    // 100 open, 6,000 of the plan, 500 of the last plan; half a call for each, 30 tokens a call.
    expect((await api.get("/v1/embeddings")).body).toMatchObject({
      forecast: {
        items: 6_600,
        calls: 3_300,
        tokens: 99_000,
        seconds: 3_401,
        boundBy: "requests",
        costUsd: 0.00198,
        uncounted: [],
      },
    });
  });

  it("takes neither a delta's part nor a repair's for all there is", async () => {
    await target.query(
      `insert into migration.runs (status, mode, embeddings) values ('completed', 'full', true), ('completed', 'delta', true), ('completed', 'full', true);
       insert into migration.runs (status, embeddings) values ('running', true);
       insert into migration.run_entities (run_id, entity, position, status, expected, unchanged, read, batches, cursor_key) values
         (1, 'cases', 1, 'complete', 7000, 0, 7000, 7, 7000),
         (2, 'cases', 1, 'complete', 100, 6950, 100, 1, 7050),
         (3, 'cases', 1, 'complete', 3, 0, 3, 1, default),
         (4, 'cases', 1, 'waiting', 0, 0, 0, 0, default)`,
    );
    const items = async () => (await api.get("/v1/embeddings")).body["forecast"];
    expect(await items()).toMatchObject({ items: 7_050, uncounted: [] });
    await target.query("update migration.runs set status = 'completed' where id = 4");
    await target.query("update migration.runs set status = 'running' where id = 2");
    expect(await items()).toMatchObject({ items: 0, uncounted: [] });
  });

  it("names what nobody has counted before the first load, nor before one that was cancelled at once", async () => {
    const started = async () => (await api.post("/v1/runs")).body["forecast"];
    const unknown = { items: 0, calls: 0, tokens: 0, seconds: null, boundBy: null, costUsd: null };
    const uncounted = ["patients"];
    expect(await started()).toEqual({ ...unknown, uncounted });
    await api.post("/v1/runs/1/cancel");
    expect(await started()).toEqual({ ...unknown, uncounted });
    await target.query(
      "update migration.run_entities set status = 'planned', expected = 5 where run_id = 2 and entity = 'patients'",
    );
    expect((await api.get("/v1/embeddings")).body).toMatchObject({
      forecast: { items: 5, uncounted: [] },
    });
  });

  it("is part of the answer to a run only if it embeds", async () => {
    expect((await api.post("/v1/runs", { embeddings: false })).body["forecast"]).toBeNull();
  });
});

describe("POST /v1/embeddings/backfill", () => {
  it("offers each content row once, and says how many", async () => {
    await target.query(`insert into public.cases (title) select 'a' from generate_series(1, 1500)`);
    expect(await api.post("/v1/embeddings/backfill")).toMatchObject({
      status: 200,
      body: { events: 2, items: 1_500, forecast: { items: 1_500, calls: 1_500, tokens: 60_000 } },
    });
    expect((await api.post("/v1/embeddings/backfill")).body).toMatchObject({ events: 0, items: 0 });
    const { rows } = await target.query(`select actor, action, run_id from migration.audit_log`);
    const line = { actor: "unverified:sam@clinic", action: "backfill", run_id: null };
    expect(rows).toEqual([line, line]);
  });

  it("refuses a scope that it does not know", async () => {
    expect(await api.post("/v1/embeddings/backfill", { scope: "some" })).toMatchObject({
      status: 400,
    });
  });

  it("is refused where the target has no table for vectors", async (context) => {
    const bare = await apiUnderTest(context);
    expect(await bare.post("/v1/embeddings/backfill")).toMatchObject({
      status: 409,
      body: { code: "no_vectors" },
    });
  });
});
