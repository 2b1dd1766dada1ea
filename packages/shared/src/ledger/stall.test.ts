import { beforeEach, describe, expect, it } from "vitest";
import type { Server } from "../database/attend.ts";
import type { Pool } from "../database/pool.ts";
import { closers } from "../runtime/closers.ts";
import { openLog } from "../telemetry/log.ts";
import { eventually } from "../testing/eventually.ts";
import { freshLedger } from "../testing/fresh-ledger.ts";
import { seedRun, type SeedRun } from "../testing/seed-run.ts";
import { type Carrier, heardOf, startHeartbeat } from "./heartbeats.ts";
import { recordHold } from "./holds.ts";
import { findStall, type Stall } from "./stall.ts";

const CATALOG = [
  { name: "practices", parents: {} },
  { name: "profiles", parents: { practices: [] } },
];

let target: Pool;

beforeEach(async (context) => {
  ({ target } = await freshLedger(context));
});

/** A run that nothing has touched for 100 seconds. */
async function still(seed: SeedRun): Promise<number> {
  const runId = await seedRun(target, seed);
  await target.query(
    `update migration.runs set created_at = now() - interval '100 s';
     update migration.batches set finished_at = finished_at - interval '100 s', queued_at = now() - interval '100 s'`,
  );
  return runId;
}

function work(stall: Stall | undefined): unknown[] {
  return (stall?.work ?? []).map(({ entity, ready, batches }) => [entity, ready, batches]);
}

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
    const stall = await findStall(target, await still(seed), CATALOG);
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
    expect(await findStall(target, await still(seed), CATALOG)).toBeUndefined();
  });

  it.each([
    ["open", "back_up"],
    ["done", "open"],
    ["waived", "open"],
  ])("and wants no backup that is settled: %s", async (status, ready) => {
    const runId = await still({
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
    const runId = await still({
      status: "running",
      entities: { practices: { status: "loading", batches } },
    });
    expect(await findStall(target, runId, CATALOG)).toBeDefined();
    await target.query(sql);
    expect(await findStall(target, runId, CATALOG)).toBeUndefined();
  });
});

describe("a run that is held up", () => {
  /** Batches of practices are on offer, and profiles waits to be planned: it failed with `code`. */
  async function held(server: Server, code: string): Promise<number> {
    const runId = await still({
      status: "running",
      entities: {
        practices: { status: "loading", batches: [{ status: "queued" }] },
        profiles: { status: "waiting" },
      },
    });
    await target.query(
      "update migration.run_entities set error_code = $1 where entity = 'profiles'",
      [code],
    );
    await recordHold(target, server, code);
    return runId;
  }

  it.each(["53100", "53300", "28000", "ECONNREFUSED"])(
    "is said in words of its own where everything is refused: %s",
    async (code) => {
      expect(await findStall(target, await held("target", code), CATALOG)).toBeUndefined();
    },
  );

  describe.each(["55P03", "42P01", "foreign_server_away"])("in a part of it, with %s", (code) => {
    it("stands still where the other part has nobody to carry it", async () => {
      const runId = await held("source", code);
      await there("extractor");
      const stall = await findStall(target, runId, CATALOG);
      expect(work(stall)).toEqual([["practices", "load", 1]]);
      expect(stall?.heard.loader.alive).toBe(0);
    });

    it("is said in words of its own where nothing else is left", async () => {
      const runId = await held("source", code);
      await target.query("update migration.batches set error_code = $1", [code]);
      await there("extractor");
      await there("loader");
      expect(await findStall(target, runId, CATALOG)).toBeUndefined();
    });

    it("stands still where nobody is there to go on with that part", async () => {
      const runId = await held("source", code);
      expect(work(await findStall(target, runId, CATALOG))).toEqual([
        ["practices", "load", 1],
        ["profiles", "plan", 0],
      ]);
    });
  });
});

async function there(service: Carrier): Promise<void> {
  const open = closers();
  startHeartbeat(target, { service }, openLog("test"), open);
  await eventually(async () => (await heardOf(target))[service].alive === 1);
  await open.closeAll();
}

describe("what is known of a run that stands still", () => {
  it("is the last error of what is ready, and who is there", async () => {
    const runId = await still({
      status: "running",
      entities: { practices: { status: "waiting" } },
    });
    await target.query("update migration.run_entities set error_code = '55P03'");
    await there("extractor");
    expect(await findStall(target, runId, CATALOG)).toMatchObject({
      work: [{ entity: "practices", errorCode: "55P03" }],
      heard: { extractor: { alive: 1 }, loader: { alive: 0, seconds: null } },
    });
  });
});
