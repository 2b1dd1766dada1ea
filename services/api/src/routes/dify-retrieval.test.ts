import { entities } from "@nexus/catalog";
import type { Pool } from "@nexus/shared/database";
import { EmbeddingFailure, openProvider } from "@nexus/shared/embedding";
import { joinBudget } from "@nexus/shared/ledger";
import { openLog } from "@nexus/shared/telemetry";
import { freshTarget, needsVectors } from "@nexus/shared/testing";
import { randomUUID } from "node:crypto";
import { beforeEach, describe, expect, it } from "vitest";
import { contentsOf, type Search } from "../search/open-search.ts";
import { type App, openServer } from "../server.ts";
import { difyRetrievalRoute } from "./dify-retrieval.ts";

const KEY = "k".repeat(32);
const provider = await openProvider({ provider: "local", concurrency: 1, timeoutMs: 1_000 });
const [mine, theirs] = [randomUUID(), randomUUID()];

let target: Pool;
let app: App;
let search: Search;

beforeEach(async (context) => {
  target = await freshTarget(context);
  needsVectors(context);
  await target.query(
    "insert into public.practices (id, name) values ($1, 'mine'), ($2, 'theirs')",
    [mine, theirs],
  );
  search = { provider, budget: joinBudget(target, provider), contents: contentsOf(entities) };
  app = open({});
});

/** The routes alone: who may call them is decided by their own key. */
function open(more: { search?: Search; difyRetrievalKey?: string | undefined }): App {
  const log = openLog("test");
  log.level = "silent";
  const opened = openServer(log);
  difyRetrievalRoute(opened, { target, search, difyRetrievalKey: KEY, ...more });
  return opened;
}

interface Record {
  readonly content: string;
  readonly score: number;
  readonly title: string;
  readonly metadata: object;
}

async function ask(more: object = {}, authorization: string | undefined = `Bearer ${KEY}`) {
  const payload = {
    knowledge_id: mine,
    query: "broken molar crown",
    retrieval_setting: { top_k: 3, score_threshold: 0 },
    ...more,
  };
  const headers = authorization === undefined ? {} : { authorization };
  const response = await app.inject({
    method: "POST",
    url: "/v1/dify/retrieval",
    headers,
    payload,
  });
  return { status: response.statusCode, body: response.json<{ records: Record[] }>() };
}

describe("POST /v1/dify/retrieval", () => {
  it("puts on record of which practice how much was read, and neither question nor text", async () => {
    await ask({ query: "canary crown" });
    const { rows } = await target.query("select actor, action, details from migration.audit_log");
    expect(rows).toEqual([
      { actor: "dify", action: "retrieve", details: `{"results": 0, "practiceId": "${mine}"}` },
    ]);
    await ask({}, "Bearer wrong");
    await ask({ knowledge_id: randomUUID() });
    expect((await target.query("select from migration.audit_log")).rowCount).toBe(1);
  });

  it("finds texts of the practice, best first, as Dify wants them", async () => {
    const id = await aCase(mine, 4711, "upper molar with a broken crown");
    await aCase(mine, 4712, "aligner for the lower arch");
    const { status, body } = await ask();
    expect(status).toBe(200);
    expect(body.records).toHaveLength(2);
    expect(body.records[0]).toEqual({
      content: expect.stringContaining("Case: upper molar with a broken crown"),
      score: expect.any(Number),
      title: "case 4711",
      metadata: { type: "case", id, legacy_key: 4711, chunk: 0 },
    });
    const [best = 0, other = 1] = body.records.map(({ score }) => score);
    expect(best).toBeGreaterThan(other);
    expect(best).toBeLessThanOrEqual(1);
  });

  it("gives the piece of a long text that was found", async () => {
    const sentence = "The crown of the first molar is to be replaced. ";
    const notes = `${sentence.repeat(900)}\n\nZirconia bridge, shade A2.`;
    await aCase(mine, 1, "Long", { notes, chunks: ["unrelated words", "zirconia bridge shade"] });
    const { body } = await ask({ query: "zirconia bridge shade" });
    expect(body.records[0]?.metadata).toMatchObject({ chunk: 1 });
    expect(body.records[0]?.content.length).toBeLessThan(notes.length);
  });

  it("keeps to top_k and score_threshold", async () => {
    for (let n = 0; n < 5; n++) await aCase(mine, n, `broken crown ${n}`);
    await aCase(mine, 9, "aligner for the lower arch");
    expect((await ask()).body.records).toHaveLength(3);
    const all = (await ask({ retrieval_setting: { top_k: 50, score_threshold: 0 } })).body.records;
    expect(all.length).toBeGreaterThanOrEqual(5);
    const threshold = all[4]?.score ?? 1;
    const best = (await ask({ retrieval_setting: { top_k: 50, score_threshold: threshold } })).body
      .records;
    expect(best).toHaveLength(5);
  });

  it("finds nothing of another practice, and nothing where there is nothing", async () => {
    await aCase(theirs, 1, "broken molar crown");
    await aCase(null, 2, "broken molar crown");
    expect((await ask()).body).toEqual({ records: [] });
  });

  it.each<[string, string | undefined, number, number]>([
    ["no key", undefined, 403, 1001],
    ["a key of another scheme", `Basic ${KEY}`, 403, 1001],
    ["no bearer", "Bearer ", 403, 1001],
    ["another key", "Bearer other", 403, 1002],
  ])("refuses %s before it looks at anything", async (_, authorization, status, code) => {
    const refused = await ask({ knowledge_id: 7 }, authorization ?? "");
    expect(refused).toMatchObject({
      status,
      body: { error_code: code, error_msg: expect.any(String) },
    });
  });

  it.each([randomUUID(), "AAA-BBB-CCC", "1' or true"])(
    "knows no knowledge %s",
    async (knowledge_id) => {
      expect(await ask({ knowledge_id })).toMatchObject({
        status: 404,
        body: { error_code: 2001 },
      });
    },
  );

  it.each([
    { query: " " },
    { retrieval_setting: { top_k: 0, score_threshold: 0 } },
    { retrieval_setting: { top_k: 3, score_threshold: 2 } },
    {
      metadata_condition: {
        conditions: [{ name: ["type"], comparison_operator: "is", value: "case" }],
      },
    },
  ])("refuses %j, and repeats nothing of it", async (more) => {
    const refused = await ask({ query: "Zzyzx", ...more });
    expect(refused).toMatchObject({ status: 400, body: { error_code: 400 } });
    expect(JSON.stringify(refused.body)).not.toContain("Zzyzx");
  });

  it("says so where it cannot search, and repeats nothing of the question", async () => {
    const embed = () => Promise.reject(new EmbeddingFailure("throttled", "SomeException"));
    app = open({ search: { ...search, provider: { ...provider, embed } } });
    const refused = await ask({ query: "Zzyzx" });
    expect(refused).toMatchObject({ status: 503, body: { error_code: 503 } });
    expect(JSON.stringify(refused.body)).not.toContain("Zzyzx");
    await target.query("drop table public.ai_embeddings");
    app = open({});
    expect(await ask()).toMatchObject({ status: 503 });
  });

  it("is not there without a key", async () => {
    app = open({ difyRetrievalKey: undefined });
    expect((await ask()).status).toBe(404);
  });
});

async function aCase(
  practice: string | null,
  key: number,
  title: string,
  { notes = null, chunks = [title] }: { notes?: string | null; chunks?: readonly string[] } = {},
): Promise<string> {
  const { rows } = await target.query<{ id: string }>(
    `insert into public.cases (legacy_project_id, practice_id, title, metadata)
     values ($1, $2, $3, jsonb_build_object('clinical', jsonb_build_object('notes', $4::text))) returning id::text`,
    [key, practice, title, notes],
  );
  const id = rows[0]?.id ?? "";
  for (const [nth, text] of chunks.entries()) {
    const { vector } = await provider.embed(text, new AbortController().signal);
    await target.query(
      `insert into public.ai_embeddings (practice_id, content_type, content_id, chunk_index, embedding, sha256_hash, model)
       values ($1, 'case', $2, $3, $4::text::vector, '', $5)`,
      [practice, id, nth, `[${vector.join()}]`, provider.model],
    );
  }
  return id;
}
