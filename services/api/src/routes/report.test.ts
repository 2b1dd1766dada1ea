import { contract } from "@nexus/contract";
import { beforeEach, describe, expect, it } from "vitest";
import { type ApiUnderTest, apiUnderTest } from "../api.fixture.ts";
import { ledgers } from "../report/ledgers.fixture.ts";

const answer = contract["GET /v1/report"].response[200];

let api: ApiUnderTest;
beforeEach(async (context) => {
  api = await apiUnderTest(context);
});

describe("the summary of a report", () => {
  it.each<[keyof typeof ledgers, string, string]>([
    ["empty", "not_started", "No run has been started yet: there is nothing to report."],
    [
      "planned",
      "in_progress",
      "Run 1 is under way: 0 rows are in the target, and the source is still being counted.",
    ],
    [
      "running",
      "in_progress",
      "Run 2 is under way: 29 of 62 rows of the source (46.7 %) are in the target.",
    ],
    [
      "paused",
      "paused",
      "Run 1 is paused: 10 of 20 rows of the source (50.0 %) are in the target.",
    ],
    [
      "blocked",
      "blocked",
      "Run 1 needs a decision: 10 of 30 rows of the source (33.3 %) are in the target.",
    ],
    [
      "finished",
      "complete",
      "Run 1 is complete: all 30 rows of the source are in the target, and the sum closes for every entity. It took 1 min 0 s.",
    ],
    [
      "finished with exceptions",
      "complete_with_exceptions",
      "Run 1 is complete with exceptions: 26 of 35 rows of the source (74.2 %) are in the target, and each of the other 9 has its reason on record. It took 1 min 0 s.",
    ],
    [
      "waived",
      "unproven",
      "Run 1 has ended without proof that nothing is missing: 20 of 30 rows of the source (66.6 %) are in the target. It took 1 min 0 s.",
    ],
    [
      "unclosed",
      "unproven",
      "Run 1 has ended without proof that nothing is missing: 9 of 10 rows of the source (90.0 %) are in the target. It took 1 min 0 s.",
    ],
    [
      "failed",
      "failed",
      "Run 1 failed before it moved anything: the source lacks a table or column that the mapping needs. It took 1 min 0 s.",
    ],
    [
      "cancelled",
      "cancelled",
      "Run 1 was cancelled: 19 of 30 rows of the source (63.3 %) are in the target, and they stay there. It took 1 min 0 s.",
    ],
  ])("begins with how it stands: %s", async (ledger, verdict, headline) => {
    await ledgers[ledger](api.target);
    const { body } = await api.get("/v1/report");
    const report = answer.parse(body);
    expect(report).toMatchObject({ verdict, summary: expect.arrayContaining([headline]) });
    expect(report.summary[0]).toBe(headline);
    expect(report.nextSteps.length).toBeGreaterThan(0);
  });

  it("goes on with what is missing, what limits it, what it cost and how long the rest takes", async () => {
    await ledgers.running(api.target);
    const { summary, nextSteps } = answer.parse((await api.get("/v1/report")).body);
    expect(summary).toEqual(
      expect.arrayContaining([
        "Not in the target: 1 rejected (the target cannot represent them); 2 parked (waiting for a row that they belong to); 30 not read.",
        "Every check that was made after loading passed.",
        "The source went on being used after its rows were counted: practices gained 2 rows.",
        "2 rows of the target carry a coded repair; none was guessed.",
        "Embeddings so far: 34 items have 51 vectors, 16 have nothing to say, 1 failed, 70 are to come; they cost USD 0.000114.",
        "Dify holds 1 document in 1 knowledge base; 1 failed, more are to come.",
        "Accounts of Supabase Auth: 9 of 15 users are to have one (5 are there, 3 to come, 1 refused); 6 get none, each for a reason on record.",
        "1 account is there whose user is to have none any more.",
        "The sum of accounts does not close: 2 users are unknown.",
        expect.stringMatching(/^The rest of the load takes about \d+ s \(/),
        expect.stringMatching(/^The rest of the embedding takes about \d+ min/),
      ]),
    );
    expect(nextSteps).toEqual([
      "Let it run; GET /v1/progress shows how far it is.",
      "See which rows of profiles were rejected: GET /v1/entities/profiles/exceptions?outcome=rejected.",
      "Offer what could not be embedded again: POST /v1/embeddings/backfill with scope failed.",
      "See which accounts were refused: GET /v1/accounts/exceptions?state=refused; once the cause is gone: POST /v1/accounts/requeue.",
      "Decide about accounts whose users are to have none any more: GET /v1/accounts/exceptions?state=unwanted.",
    ]);
  });

  it("tells a person what to decide", async () => {
    await ledgers.blocked(api.target);
    const { nextSteps } = answer.parse((await api.get("/v1/report")).body);
    expect(nextSteps).toEqual([
      "Decide on practices: POST /v1/entities/practices/requeue once the cause is gone, or /waive to let what depends on it go on.",
    ]);
  });
});

describe("a report", () => {
  it("gives the reason of each exception, and what to do about it", async () => {
    await ledgers["finished with exceptions"](api.target);
    const { shortfalls } = answer.parse((await api.get("/v1/report")).body);
    expect(shortfalls.rows).toMatchObject([
      {
        entity: "practices",
        kind: "rejected",
        reason: "required_missing",
        column: "name",
        rows: 1,
      },
      {
        entity: "profiles",
        kind: "left_out",
        rows: 5,
        advice: "start a run with profiles, if they are wanted",
      },
      {
        entity: "patients",
        kind: "rejected",
        rows: 2,
        says: "a value that the target requires is missing",
      },
      { entity: "patients", kind: "parked", missingEntity: "practices", rows: 1, resolved: 0 },
    ]);
  });

  it.each([
    ["a row has no outcome", `update migration.batches set loaded = loaded - 1`],
    ["a row has two", `update migration.batches set rejected = 1`],
    ["an exception is not on record", `update migration.batches set loaded = 9, rejected = 1`],
    [
      "a check failed",
      `insert into migration.validations values (1, 'practices', 'sum_closes', false, 10, 9)`,
    ],
    [
      "a batch failed",
      `insert into migration.batches (run_id, entity, seq, after_key, to_key, expected, status) values (1, 'practices', 9, 80, 90, 0, 'failed')`,
    ],
    [
      "a batch was never read",
      `insert into migration.batches (run_id, entity, seq, after_key, to_key, expected) values (1, 'practices', 9, 80, 90, 10)`,
    ],
  ])("says in no format 100 % or complete when %s", async (_, sql) => {
    await ledgers.unclosed(api.target);
    await api.target.query(`update migration.batches set loaded = 10`);
    expect(await everyFormat()).toMatch(/\bcomplete\b/);
    await api.target.query(sql);
    const told = await everyFormat();
    expect(told).toContain("unproven");
    expect(told).not.toMatch(/\bcomplete|\b100(\.0)? %|"progress":100\b/);
  });

  it("counts rows of a requeued batch where they are: in the target", async () => {
    await ledgers.requeued(api.target);
    const { progress } = answer.parse((await api.get("/v1/report")).body);
    expect(progress.rows).toMatchObject([
      { current: 19, rejected: 1, unread: 0, unaccounted: 0, progress: 95 },
    ]);
  });

  it("does not round up to 100", async () => {
    await ledgers["finished with exceptions"](api.target);
    await api.target.query(
      `update migration.batches set expected = 100000, read = 100000, loaded = 99999 where rejected = 1`,
    );
    await api.target.query(
      `update migration.run_entities set expected = 100010 where entity = 'practices'`,
    );
    const { progress } = answer.parse((await api.get("/v1/report")).body);
    expect(progress.rows[0]).toMatchObject({ current: 100_009, remaining: 1, progress: 99.9 });
  });

  it("is of the run that is asked for", async () => {
    await ledgers.running(api.target);
    expect((await api.get("/v1/report?run=1")).body).toMatchObject({
      run: { id: 1 },
      verdict: "complete_with_exceptions",
      shortfalls: { rows: [{ entity: "patients", rows: 1, resolved: 1 }] },
    });
    expect(await api.get("/v1/report?run=7")).toMatchObject({
      status: 404,
      body: { code: "not_found" },
    });
    expect(await api.get("/v1/report?run=x")).toMatchObject({ status: 400 });
    expect(await api.get("/v1/report?format=pdf")).toMatchObject({ status: 400 });
  });
});

describe("the format of a report", () => {
  it.each([
    [
      "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
      "text/html",
      "<!doctype html>",
    ],
    ["text/markdown", "text/markdown", "# Migration report"],
    ["text/html;q=0.3, text/markdown;q=0.7", "text/markdown", "# Migration report"],
    ["application/json, text/html;q=0.9", "application/json", "{"],
    ["text/html;q=0, */*", "application/json", "{"],
    ["image/png", "application/json", "{"],
  ])("is what Accept prefers: %s", async (accept, type, start) => {
    const { headers, body } = await api.app.inject({ url: "/v1/report", headers: { accept } });
    expect(headers["content-type"]).toBe(`${type}; charset=utf-8`);
    expect(headers.vary).toContain("accept");
    expect(body.startsWith(start)).toBe(true);
  });

  it("is one of those that the document of the API names", async () => {
    const { paths } = (await api.get("/openapi.json")).body;
    const text = { schema: { type: "string" } };
    const json = { schema: { type: "object" } };
    const content = { "application/json": json, "text/markdown": text, "text/html": text };
    expect(paths).toMatchObject({ "/v1/report": { get: { responses: { 200: { content } } } } });
  });

  it("is what the query says, whatever Accept prefers", async () => {
    const asked = { url: "/v1/report?format=md", headers: { accept: "text/html" } };
    expect((await api.app.inject(asked)).headers["content-type"]).toContain("text/markdown");
  });
});

async function everyFormat(): Promise<string> {
  const formats = ["json", "md", "html"].map((format) =>
    api.app.inject(`/v1/report?format=${format}`),
  );
  return (await Promise.all(formats)).map(({ body }) => body).join("\n");
}
