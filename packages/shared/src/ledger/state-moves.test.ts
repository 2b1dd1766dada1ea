/** What the extractor and the loader call to change a status, called in every status: whatever moves follows an arrow of `states.ts`. */
import { beforeEach, describe, expect, it } from "vitest";
import type { Pool } from "../database/pool.ts";
import { inTransaction } from "../database/transaction.ts";
import { guardArrows } from "../testing/arrow-guard.ts";
import { freshTarget, loadingEntity, runningRun } from "../testing/fresh-target.ts";
import {
  countAttempt,
  failBatch,
  failExhausted,
  finishBatch,
  planNextGeneration,
  retryBatch,
  snoozeBatch,
  markQueued,
} from "./batch-lifecycle.ts";
import { lockBatch, releaseBatch } from "./batches.ts";
import { openEntity } from "./entity-lifecycle.ts";
import { recordExceptions } from "./outcomes.ts";
import { recordPlan } from "./planning.ts";
import { rollUpCounts } from "./progress.ts";
import { completeRun } from "./run-lifecycle.ts";
import { beginSettling } from "./settling.ts";
import { batchArrows, entityArrows, runArrows, statusesOf } from "../states/states.ts";

interface Subject {
  readonly runId: number;
  readonly batch: number;
}

type Step = (target: Pool, subject: Subject) => Promise<unknown>;

const COUNTS = { read: 0, loaded: 0, inserted: 0, updated: 0, rejected: 0, parked: 0, noted: 0 };
const AGAIN = { delayMs: 0, errorCode: "40001" };
const CURSOR = { cursor: 10 };

const steps: Readonly<Record<string, Step>> = {
  completeRun: (target, { runId }) => completeRun(target, runId),
  openEntity: (target, { runId }) => openEntity(target, runId, "practices", []),
  planMore: (target, { runId }) => recordPlan(target, runId, "practices", CURSOR, [], false),
  planLast: (target, { runId }) => recordPlan(target, runId, "practices", CURSOR, [], true),
  beginSettling: (target, { runId }) => beginSettling(target, runId, "practices"),
  rollUpCounts: (target, { runId }) => rollUpCounts(target, runId, ["practices"]),
  planNextGeneration: (target, { runId }) =>
    planNextGeneration(target, { sql: "b.run_id = $1 and b.status = 'done'", values: [runId] }),
  markQueued: (target, { runId }) => markQueued(target, runId, "practices", 9),
  countAttempt: (target, { batch }) => countAttempt(target, batch, 1),
  releaseBatch: (target, { batch }) => releaseBatch(target, batch, 1),
  retryBatch: (target, { batch }) => retryBatch(target, batch, 1, AGAIN),
  snoozeBatch: (target, { batch }) => snoozeBatch(target, batch, 1, AGAIN),
  failBatch: (target, { batch }) => failBatch(target, batch, 1, "defect"),
  failExhausted: (target, { batch }) => failExhausted(target, batch, 1),
  finishLocked: (target, { batch }) =>
    inTransaction(target, async (tx) => {
      const locked = await lockBatch(tx, batch, 1);
      if (locked?.status === "queued") await finishBatch(tx, batch, COUNTS, 1);
    }),
};

let target: Pool;
let subject: Subject;

beforeEach(async (context) => {
  target = await freshTarget(context);
  const runId = await runningRun(target, ["practices"]);
  const [batch = 0] = await loadingEntity(target, runId, "practices", 1);
  subject = { runId, batch };
  await recordExceptions(target, { id: batch, runId, entity: "practices" }, [
    {
      legacyId: 1,
      outcome: "parked",
      reason: "profiles_not_in_target",
      column: null,
      missingEntity: "profiles",
      missingId: 7,
    },
  ]);
  await target.query("insert into public.profiles (legacy_id) values (7)");
  await target.query("update migration.batches set attempts = 5");
  await guardArrows(target);
});

/** Each table and its statuses, with what the rest of the ledger must look like for anything to move. */
const TABLES = [
  ["runs", statusesOf(runArrows), "update migration.run_entities set status = 'complete'"],
  ["run_entities", statusesOf(entityArrows), "update migration.batches set status = 'done'"],
  ["batches", statusesOf(batchArrows), "select"],
] as const;

describe.each(TABLES)("in %s", (table, statuses, prepare) => {
  it("every status is one that the ledger allows, and no other", async () => {
    for (const status of statuses) await force(table, status, "select");
    await expect(force(table, "unheard", "select")).rejects.toThrow(/check/);
  });

  it("a status moves along the arrows only, whatever is called in whatever status", async () => {
    const moved = new Set<string>();
    for (const status of statuses)
      for (const step of Object.values(steps)) {
        await force(table, status, prepare);
        await step(target, subject);
        moved.add(`${status} ${await statusIn(table)}`);
      }
    expect(moved.size).toBeGreaterThan(statuses.length);
  });
});

/** Gives the rows of a table a status against all arrows, in the first generation of a planned entity. */
async function force(table: string, status: string, prepare: string): Promise<void> {
  await target.query(
    `set session_replication_role = replica; ${prepare};
     update migration.run_entities set cursor_key = 10;
     update migration.batches set generation = 1, attempts = 5;
     update migration.${table} set status = '${status}'; reset session_replication_role`,
  );
}

async function statusIn(table: string): Promise<string | undefined> {
  return (await target.query<{ status: string }>(`select status from migration.${table}`)).rows[0]
    ?.status;
}
