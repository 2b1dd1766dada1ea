/** What the doctor notes beside what is wrong: each with its code, on real servers. */
import { createServer } from "node:http";
import { freePort, freshLogin, seedRun } from "@nexus/shared/testing";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { breakableWithVectors } from "../chaos/arena.ts";
import { openWard, type Ward } from "./ward.ts";

let ward: Ward;
beforeEach(async (context) => {
  ward = await openWard(context);
});

/** The findings of a code, the area and the sentence of each. */
async function found(code: string, env: Readonly<Record<string, string>> = {}): Promise<string[]> {
  const { findings } = await ward.diagnose(env);
  return findings.filter((one) => one.code === code).map(({ area, says }) => `${area}: ${says}`);
}

describe("the doctor notes of the source", () => {
  it("that row level security keeps rows from us, where that was accepted, and that there are few connections", async (context) => {
    const login = await freshLogin(context, ward.env["LEGACY_URL"] ?? "");
    await ward.legacy.query(
      `grant select on all tables in schema public to ${login.username};
       alter role ${login.username} connection limit 4;
       alter table dispatch_office enable row level security`,
    );
    const env = { LEGACY_URL: login.href, LEGACY_ROW_SECURITY: "accept" };
    expect(await found("rows_hidden", env)).toEqual([
      expect.stringMatching(
        /^legacy: row level security keeps rows of dispatch_office from role nexus_login_/,
      ),
    ]);
    expect(await found("few_connections", env)).toEqual([
      expect.stringMatching(
        /^legacy: the limit of the role is 4 connections, which leaves 4 for us/,
      ),
    ]);
    expect(await found("few_connections", { ...env, LEGACY_POOL: "1" })).toEqual([]);
    expect(await found("legacy_unfit", { LEGACY_URL: login.href })).toHaveLength(1);
  });

  it("what it converts and assumes, keys that are too great, and tables that were never analysed", async () => {
    await ward.legacy.query(
      `alter table dispatch_office alter zip type integer using 94110;
       alter table dispatch_project alter created_at type timestamp;
       alter table dispatch_template alter id type bigint;
       insert into dispatch_template (id, predefined, read_only) values (9007199254740993, true, true);
       delete from pg_statistic where starelid = 'dispatch_template'::regclass`,
    );
    const { findings } = await ward.diagnose({ LEGACY_TIMEZONE: "US/Pacific" });
    const notes = findings.filter(({ area, state }) => area === "legacy" && state === "note");
    expect(Object.fromEntries(notes.map(({ code, says }) => [code, says]))).toMatchObject({
      types_converted: expect.stringContaining("dispatch_office.zip"),
      zone_assumed: expect.stringContaining("US/Pacific"),
      keys_too_great: expect.stringContaining("dispatch_template"),
      never_analysed: expect.stringMatching(/^never analysed: dispatch_template: /),
    });
    const { output } = await ward.nexus("doctor");
    for (const { code } of notes) expect(output).toContain(`more: docs/trouble.md#${code}`);
  });

  it("that nobody answers, and what it refused the loaders", async () => {
    await ward.target.query(
      "update migration.holds set code = '53300', since = now(), seen_at = now() where server = 'source'",
    );
    const env = { LEGACY_URL: `postgres://u:s3cret@127.0.0.1:${await freePort()}/legacy` };
    expect(await found("legacy_unreachable", env)).toEqual([
      expect.stringContaining("(ECONNREFUSED)"),
    ]);
    expect(await found("source_refuses", env)).toEqual([
      expect.stringMatching(
        /^legacy: the source holds the run up, for \d s so far: it has no connection left/,
      ),
    ]);
  });
});

describe("the doctor notes of a source that is followed", () => {
  it("that it is spared, and why it is followed no more, unless somebody wanted that", async () => {
    await ward.nexus("sync --every 5m");
    await ward.target.query(
      "update migration.syncs set source_ms = 900, source_limit_ms = 500, measured_at = now(), paused_since = now()",
    );
    expect(await found("sync_paused")).toEqual([
      expect.stringMatching(
        /^run: deltas wait for the source, for \d+ s so far: it answers in 900 ms, more than 500 ms$/,
      ),
    ]);
    await ward.nexus("sync --stop");
    expect(await found("sync_stopped")).toEqual([]);
    await ward.target.query("update migration.syncs set stop_code = 'rows_gone_from_source'");
    expect(await found("sync_stopped")).toEqual([
      expect.stringMatching(/^run: the source is followed no more: more rows .* are gone/),
    ]);
  });
});

describe("the doctor notes of the target", () => {
  it("rules that are not ours, how few connections there are, and that the way to another machine is in plain text", async () => {
    await ward.target.query(
      "alter table public.cases add constraint short check (length(title) < 9999)",
    );
    expect(await found("foreign_rule")).toEqual([expect.stringContaining("short")]);
    expect(await found("few_connections", { TARGET_POOL: "50" })).toEqual([
      expect.stringMatching(
        /^target: the limit of the server \(max_connections\) is \d+ connections/,
      ),
    ]);
    const LEGACY_URL = "postgres://u:s3cret@192.0.2.1.invalid/db?sslmode=disable";
    expect(await found("plain_text", { LEGACY_URL })).toEqual([
      expect.stringContaining("192.0.2.1.invalid"),
    ]);
  });

  it("who sees rows of all practices without being a tenant", async (context) => {
    const login = await freshLogin(context, ward.env["TARGET_URL"] ?? "");
    await ward.target.query(
      `create view public.numbers as select * from public.cases; grant select on public.numbers to ${login.username}`,
    );
    expect(await found("seen_by_others")).toEqual([
      `target: view public.numbers shows public.cases of all practices to ${login.username}`,
    ]);
  });

  it("that QUEUE_URL leads to a PostgreSQL without a queue, and makes none there", async () => {
    for (const QUEUE_URL of [ward.env["LEGACY_URL"] ?? "", ward.env["TARGET_URL"] ?? ""])
      expect(await found("queue_not_made", { QUEUE_URL })).toEqual([
        expect.stringMatching(
          /^queue: QUEUE_URL: PostgreSQL at \S+ holds no queue yet: the first service that starts makes its tables there$/,
        ),
      ]);
    for (const pool of [ward.legacy, ward.target])
      expect((await pool.query("select from pg_namespace where nspname = 'bullmq'")).rows).toEqual(
        [],
      );
  });

  it("rows that were rejected or wait", async () => {
    expect(await found("no_run")).toEqual(["run: no run was started yet"]);
    const batches = [{ status: "done", rejected: [3], parked: [7] }] as const;
    await seedRun(ward.target, {
      status: "cancelled",
      entities: {
        practices: { status: "complete" },
        profiles: { status: "complete", batches },
      },
    });
    expect(await notes()).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^run_cancelled: run 1 was cancelled/),
        expect.stringMatching(/^rows_rejected: profiles: 1 rows were rejected/),
        expect.stringMatching(/^rows_parked: profiles: 1 rows are parked/),
      ]),
    );
  });

  // Needs the table of vectors; servers without pgvector are named in the closing lines.
  it.skipIf(!breakableWithVectors)("that nobody can tell whether an embedder listens", async () => {
    await ward.target.query(
      `insert into migration.content_events (content_type, target_ids) values ('patients', array[gen_random_uuid()]);
       insert into migration.rate_budget (model, request_rate, request_burst, token_rate, token_burst, requests, tokens, microdollars_per_million_tokens)
       values ('titan', 1, 1, 1, 1, 1, 1, 20000)`,
    );
    const { findings } = await ward.diagnose({ QUEUE_URL: "" });
    expect(findings.filter(({ area }) => area === "embeddings")).toMatchObject([
      {
        state: "unchecked",
        says: "whether an embedder listens, for which 1 items wait: the queue was not reached",
      },
    ]);
  });

  // Needs the table of vectors; servers without pgvector are named in the closing lines.
  it.skipIf(!breakableWithVectors)("content that failed for itself", async () => {
    await ward.target.query(
      `insert into migration.embedding_failures (content_type, content_id, version, code) values ('cases', gen_random_uuid(), '1', 'x');
       insert into migration.dify_documents (content_type, content_id, code, due_at) values ('cases', gen_random_uuid(), 'x', null)`,
    );
    expect(await notes()).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^items_failed: 1 items could not be embedded/),
        expect.stringMatching(/^dify_failed: 1 items could not be put into Dify/),
      ]),
    );
  });

  async function notes(): Promise<string[]> {
    const { findings } = await ward.diagnose();
    return findings
      .filter(({ state }) => state === "note")
      .map(({ code, says }) => `${code}: ${says}`);
  }
});

describe("the doctor notes of the API", () => {
  it("that it is another server", async () => {
    const other = createServer((_, answer) => answer.end("hello"));
    await new Promise<void>((listening) => void other.listen(0, "127.0.0.1", listening));
    onTestFinished(() => void other.close());
    const address = other.address();
    const port = typeof address === "object" ? address?.port : undefined;
    expect(
      await found("api_is_another", { NEXUS_API_URL: `http://127.0.0.1:${port}` }),
    ).toHaveLength(1);
  });

  it("that it cannot do what it is asked", async () => {
    const name = new URL(ward.env["TARGET_URL"] ?? "").pathname.slice(1);
    const { rows } = await ward.target.query("select 1 from migration.runs");
    expect(rows).toEqual([]);
    const rename = async (from: string, to: string): Promise<void> => {
      await ward.legacy.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = $1",
        [from],
      );
      await ward.legacy.query(`alter database ${from} rename to ${to}`);
    };
    onTestFinished(() => rename(`${name}_away`, name));
    await rename(name, `${name}_away`);
    const { wrong } = await ward.diagnose();
    expect(wrong).toEqual(["api_unwell", "target_unreachable"]);
  });
});
