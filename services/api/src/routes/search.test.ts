import { entities } from "@nexus/catalog";
import type { Pool } from "@nexus/shared/database";
import { EmbeddingFailure, type FailureKind, openProvider } from "@nexus/shared/embedding";
import { joinBudget, openBudget } from "@nexus/shared/ledger";
import { freshTarget, needsVectors } from "@nexus/shared/testing";
import { randomUUID } from "node:crypto";
import { beforeEach, describe, expect, it } from "vitest";
import { apiOn, type ApiUnderTest } from "../api.fixture.ts";
import { contentsOf, type Search } from "../search/open-search.ts";

const provider = await openProvider({ provider: "local", concurrency: 1, timeoutMs: 1_000 });
const [mine, theirs, empty] = [randomUUID(), randomUUID(), randomUUID()];

const NOWHERE = "postgres://nobody@nowhere.test/x";

let target: Pool;
let api: ApiUnderTest;
let search: Search;

beforeEach(async (context) => {
  target = await freshTarget(context);
  search = { provider, budget: joinBudget(target, provider), contents: contentsOf(entities) };
  api = apiOn(target, NOWHERE, undefined, search);
});

describe("POST /v1/search", () => {
  beforeEach(async (context) => {
    needsVectors(context);
    await target.query(
      "insert into public.practices (id, name) values ($1, 'mine'), ($2, 'theirs'), ($3, 'empty')",
      [mine, theirs, empty],
    );
  });

  it("finds what is nearest in the practice, with scores and legacy keys, and no text", async () => {
    const id = await aCase(mine, 4711, "upper molar with a broken crown");
    await aCase(mine, 4712, "aligner for the lower arch");
    const { status, body } = await api.post("/v1/search", {
      practiceId: mine,
      query: "broken molar crown",
    });
    expect(status).toBe(200);
    expect(body).toEqual({
      results: [
        { type: "case", id, chunk: 0, score: expect.any(Number), legacyKey: 4711 },
        expect.objectContaining({ legacyKey: 4712 }),
      ],
    });
    const [best, other] = scores(body);
    expect(best).toBeGreaterThan(other ?? 1);
    expect(best).toBeLessThanOrEqual(1);
  });

  it("never finds another practice's, however near, and shares templates without a practice", async () => {
    await aCase(theirs, 1, "night guard for bruxism");
    await aCase(null, 2, "night guard for bruxism");
    await aTemplate(theirs, 3, "night guard for bruxism");
    await aTemplate(null, 4, "night guard for bruxism");
    const { body } = await api.post("/v1/search", {
      practiceId: mine,
      query: "night guard for bruxism",
    });
    expect(body).toMatchObject({ results: [{ type: "workflow_template", legacyKey: 4 }] });
  });

  it("puts on record who read, when, of which practice and how much, and neither question nor answer", async () => {
    await aCase(mine, 1, "night guard for bruxism");
    await api.post("/v1/search", { practiceId: mine, query: "canary bruxism" });
    await api.post("/v1/search", { practiceId: empty, query: "canary bruxism" });
    await api.post("/v1/search", { practiceId: randomUUID(), query: "canary bruxism" });
    const { rows } = await target.query("select * from migration.audit_log order by id");
    const line = {
      actor: "unverified:sam@clinic",
      action: "search",
      run_id: null,
      entity: null,
      reason: null,
    };
    expect(rows).toEqual([
      expect.objectContaining({ ...line, details: `{"results": 1, "practiceId": "${mine}"}` }),
      expect.objectContaining({ ...line, details: `{"results": 0, "practiceId": "${empty}"}` }),
    ]);
    expect(JSON.stringify(rows)).not.toMatch(/canary|bruxism/);
    expect((await api.get("/v1/audit?action=search")).body).toMatchObject({
      items: [
        { details: { results: 0 } },
        { actor: "unverified:sam@clinic", details: { results: 1 } },
      ],
    });
  });

  it("answers nothing that cannot be put on record", async () => {
    await aCase(mine, 1, "night guard for bruxism");
    await target.query("alter table migration.audit_log rename to away");
    const { status, body } = await api.post("/v1/search", { practiceId: mine, query: "bruxism" });
    expect([status, body["results"]]).toEqual([503, undefined]);
  });

  it("gives k of k, at most `limit`, of the wanted types", async () => {
    for (let n = 0; n < 12; n++) await aCase(mine, n, `case number ${n}`);
    await aTemplate(mine, 99, "case number template");
    const ask = (more: object) =>
      api.post("/v1/search", { practiceId: mine, query: "case number", ...more });
    expect(scores((await ask({})).body)).toHaveLength(10);
    expect(scores((await ask({ limit: 100 })).body)).toHaveLength(13);
    expect((await ask({ types: ["workflow_template"] })).body).toMatchObject({
      results: [{ legacyKey: 99 }],
    });
    expect((await ask({ types: ["patient"] })).body).toEqual({ results: [] });
    expect((await ask({ practiceId: empty })).body).toEqual({ results: [] });
  });

  it("compares vectors of its own model only", async () => {
    await aCase(mine, 1, "zirconia bridge", "another-model");
    const { body } = await api.post("/v1/search", { practiceId: mine, query: "zirconia bridge" });
    expect(body).toEqual({ results: [] });
  });

  it("leaves nothing behind on its connection", async () => {
    await api.post("/v1/search", { practiceId: mine, query: "x" });
    const { rows } = await target.query(
      "select current_user = session_user as own, coalesce(current_setting('request.jwt.claims', true), '') as claims",
    );
    expect(rows).toEqual([{ own: true, claims: "" }]);
  });

  it("refuses what it cannot answer", async () => {
    expect(await api.post("/v1/search", { practiceId: randomUUID(), query: "x" })).toMatchObject({
      status: 404,
      body: { code: "unknown_practice" },
    });
    expect(
      await api.post("/v1/search", { practiceId: mine, query: "x", types: ["invoice"] }),
    ).toMatchObject({
      status: 422,
      body: { code: "unknown_type", known: expect.arrayContaining(["case", "workflow_template"]) },
    });
    expect(
      await api.post("/v1/search", { practiceId: "1' or true", query: " ", limit: 0, k: 5 }),
    ).toMatchObject({
      status: 400,
      body: { code: "invalid_request" },
    });
  });

  it.each<[FailureKind, number, string]>([
    ["throttled", 503, "embedding_throttled"],
    ["retry", 503, "embedding_unavailable"],
    ["item", 422, "query_not_embeddable"],
    ["stop", 503, "embedding_refused"],
  ])(
    "answers a failure of kind %s with %i %s, and repeats nothing of the query",
    async (kind, status, code) => {
      const embed = () => Promise.reject(new EmbeddingFailure(kind, "SomeException"));
      api = apiOn(target, NOWHERE, undefined, { ...search, provider: { ...provider, embed } });
      const refused = await api.post("/v1/search", { practiceId: mine, query: "canary" });
      expect(refused).toMatchObject({ status, body: { code } });
      expect(JSON.stringify(refused.body)).not.toContain("canary");
    },
  );

  it("is counted with the calls of the embedders", async () => {
    await api.post("/v1/search", { practiceId: mine, query: "zirconia bridge" });
    const { rows } = await target.query(
      "select model, calls, tokens from migration.embedding_usage",
    );
    expect(rows).toEqual([{ model: provider.model, calls: 1, tokens: 4 }]);
  });

  it("goes ahead of embedders that use up the quota, and waits behind another search", async () => {
    const quota = { requestsPerMinute: 60, tokensPerMinute: null, usdPer1kTokens: 0, capUsd: null };
    const embedders = await openBudget(target, { model: provider.model, ...quota });
    expect(await embedders.reserve(1)).toMatchObject({ kind: "granted" });
    expect(await embedders.reserve(1)).toMatchObject({ kind: "wait" });
    const started = performance.now();
    const searches = [1, 2].map(() => api.post("/v1/search", { practiceId: mine, query: "x" }));
    expect((await Promise.all(searches)).map(({ status }) => status)).toEqual([200, 200]);
    expect(performance.now() - started).toBeGreaterThan(400);
    expect(await embedders.reserve(1)).toMatchObject({ kind: "wait" });
  });

  it("fails at once while the pool is paused, and says why", async () => {
    const budget = joinBudget(target, provider);
    const grant = await budget.reserve(1);
    if (grant.kind === "granted")
      await budget.record(grant.reservation, { kind: "stopped", code: "Denied" });
    expect(await api.post("/v1/search", { practiceId: mine, query: "x" })).toMatchObject({
      status: 503,
      body: { code: "embedding_refused" },
    });
  });

  it("is off without a provider", async () => {
    api = apiOn(target, NOWHERE);
    expect(await api.post("/v1/search", { practiceId: mine, query: "x" })).toMatchObject({
      status: 503,
      body: { code: "search_off" },
    });
  });

  it("says so where the target has no vectors", async () => {
    await target.query("drop table public.ai_embeddings");
    expect(await api.post("/v1/search", { practiceId: mine, query: "x" })).toMatchObject({
      status: 503,
      body: { code: "search_not_prepared" },
    });
  });
});

function scores(body: Record<string, unknown>): number[] {
  const { results } = body;
  return Array.isArray(results) ? results.map(({ score }: { score: number }) => score) : [];
}

async function aCase(
  practice: string | null,
  key: number,
  text: string,
  model?: string,
): Promise<string> {
  const { rows } = await target.query<{ id: string }>(
    "insert into public.cases (legacy_project_id, practice_id) values ($1, $2) returning id",
    [key, practice],
  );
  return await aVector("case", rows[0]?.id ?? "", practice, text, model);
}

async function aTemplate(practice: string | null, key: number, text: string): Promise<string> {
  const { rows } = await target.query<{ id: string }>(
    "insert into public.workflow_templates (legacy_id, practice_id) values ($1, $2) returning id",
    [key, practice],
  );
  return await aVector("workflow_template", rows[0]?.id ?? "", practice, text);
}

async function aVector(
  type: string,
  id: string,
  practice: string | null,
  text: string,
  model = provider.model,
) {
  const { vector } = await provider.embed(text, new AbortController().signal);
  await target.query(
    `insert into public.ai_embeddings (practice_id, content_type, content_id, embedding, sha256_hash, model)
     values ($1, $2, $3, $4::text::vector, '', $5)`,
    [practice, type, id, `[${vector.join()}]`, model],
  );
  return id;
}
