import { beforeEach, describe, expect, it } from "vitest";
import type { Pool } from "../database/pool.ts";
import { freshLedger } from "../testing/fresh-ledger.ts";
import type { SeedRun } from "../testing/seed-run.ts";
import { CATALOG, still, there, work } from "./stall.fixture.ts";
import { findStall } from "./stall.ts";

let target: Pool;

beforeEach(async (context) => {
  ({ target } = await freshLedger(context));
});

const DONE = { status: "done" } as const;
const complete = { status: "complete", batches: [DONE] } as const;

describe("a run of which nothing moves stands still", () => {
  it.each<[string, SeedRun, unknown[]]>([
    [
      "nobody begins it",
      { status: "planned", entities: { practices: { status: "waiting" } } },
      [[null, "begin", 0]],
    ],
    [
      "nobody plans",
      { status: "running", entities: { practices: { status: "planning" } } },
      [["practices", "plan", 0]],
    ],
    [
      "nobody opens what may be opened",
      { status: "running", entities: { practices: complete, profiles: { status: "planned" } } },
      [["profiles", "open", 0]],
    ],
    [
      "nobody offers",
      {
        status: "running",
        entities: { practices: { status: "loading", batches: [DONE, { status: "planned" }] } },
      },
      [["practices", "offer", 1]],
    ],
    [
      "nobody loads",
      {
        status: "running",
        entities: {
          practices: { status: "loading", batches: [{ status: "queued" }, { status: "planned" }] },
        },
      },
      [["practices", "load", 1]],
    ],
    [
      "nobody settles",
      {
        status: "running",
        entities: {
          practices: { status: "loading", batches: [DONE] },
          profiles: { status: "settling" },
        },
      },
      [
        ["practices", "settle", 0],
        ["profiles", "settle", 0],
      ],
    ],
    [
      "nobody completes it",
      { status: "running", entities: { practices: complete } },
      [[null, "complete", 0]],
    ],
  ])("when %s", async (_, seed, expected) => {
    const stall = await findStall(target, await still(target, seed), CATALOG);
    expect(work(stall)).toEqual(expected);
    expect(stall?.seconds).toBeGreaterThanOrEqual(100);
  });

  it.each<[string, SeedRun]>([
    ["it is paused", { status: "paused", entities: { practices: { status: "waiting" } } }],
    ["it has ended", { status: "completed", entities: { practices: complete } }],
    [
      "what is blocked holds up all the rest",
      {
        status: "running",
        entities: {
          practices: { status: "blocked", batches: [{ status: "failed" }] },
          profiles: { status: "planned", batches: [{ status: "planned" }] },
        },
      },
    ],
  ])("but not when %s", async (_, seed) => {
    expect(await findStall(target, await still(target, seed), CATALOG)).toBeUndefined();
  });

  it.each([
    ["open", "back_up"],
    ["done", "open"],
    ["waived", "open"],
  ])("and wants no backup that is settled: %s", async (status, ready) => {
    const runId = await still(target, {
      status: "running",
      entities: { practices: { status: "planned", batches: [{ status: "planned" }] } },
    });
    await target.query("update migration.runs set backup = true");
    await target.query(
      `insert into migration.backups (run_id, entity, tables, status, claimed_until, kept_by, file, bytes, sha256)
       values ($1, 'practices', 'practices', $2, '-infinity', 'folder', '/backups/one', 1, 'a')`,
      [runId, status],
    );
    expect(work(await findStall(target, runId, CATALOG))).toEqual([["practices", ready, 0]]);
  });

  it.each([
    [
      "a batch is done",
      "update migration.batches set status = 'done', finished_at = now() where status = 'queued'",
    ],
    [
      "a batch fails",
      "update migration.batches set status = 'failed', finished_at = now() where status = 'queued'",
    ],
    ["an entity moves", "update migration.run_entities set moved_at = now()"],
    [
      "an operator changes something",
      "insert into migration.audit_log (actor, action, run_id) values ('sam', 'resume', 1)",
    ],
  ])("until %s", async (_, sql) => {
    const batches = [{ status: "queued" }, { status: "planned" }] as const;
    const runId = await still(target, {
      status: "running",
      entities: { practices: { status: "loading", batches } },
    });
    expect(await findStall(target, runId, CATALOG)).toBeDefined();
    await target.query(sql);
    expect(await findStall(target, runId, CATALOG)).toBeUndefined();
  });
});

describe("what is known of a run that stands still", () => {
  it("is the last error of what is ready, and who is there", async () => {
    const runId = await still(target, {
      status: "running",
      entities: { practices: { status: "waiting" } },
    });
    await target.query("update migration.run_entities set error_code = '55P03'");
    await there(target, "extractor");
    expect(await findStall(target, runId, CATALOG)).toMatchObject({
      work: [{ entity: "practices", errorCode: "55P03" }],
      heard: { extractor: { alive: 1 }, loader: { alive: 0, seconds: null } },
    });
  });
});
