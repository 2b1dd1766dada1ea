/**
 * Every statement that changes the status of a batch: one function for each arrow of `states.ts`. A new batch is planned by default.
 * The row is the fence: whoever writes for a batch holds its lock.
 */
import { FORESEEN_PATTERNS } from "@nexus/catalog";
import type { Queryable } from "../database/pool.ts";
import { MAX_ATTEMPTS } from "../runtime/retry-policy.ts";
import {
  type BatchCounts,
  type ClaimedBatch,
  lockBatches,
  type PlannedBatch,
  SHUT_OUT_MS,
} from "./batches.ts";
import { gateOpenIn } from "./entity-lifecycle.ts";
import { heldRun } from "./held.ts";
import { EXHAUSTED, type Exhausted, type ExhaustedRow } from "./exhausted.ts";
import { isUnforeseen } from "./reasons-in-sql.ts";
import { batchArrows, before } from "../states/states.ts";

/**
 * Marks the next planned batches as queued and returns them: they are enqueued after the commit. Call it with the entity's row
 * locked: the run's status is read again under that lock, because somebody may have paused the run meanwhile. It marks none while the gate
 * is closed, or the source is spared.
 */
export async function markQueued(
  tx: Queryable,
  runId: number,
  entity: string,
  limit: number,
  parents: readonly string[] = [],
): Promise<PlannedBatch[]> {
  const taken = await tx.query<PlannedBatch>(
    `update migration.batches b set status = 'queued', queued_at = now()
     from (select id from migration.batches
           where run_id = $1 and entity = $2 and status = 'planned' and available_at <= now()
             and exists (select from migration.runs where id = $1 and status = 'running') and not ${heldRun("$1")}
             and ${gateOpenIn("$1", "$2", "$4::text[]")}
           order by seq limit $3 for update skip locked) page
     where b.id = page.id
     returning b.id, b.generation, b.after_key as "from", b.to_key as "to"`,
    [runId, entity, limit, parents],
  );
  return taken.rows.sort((a, b) => a.id - b.id);
}

/**
 * Counts an attempt before anything is read, in a statement of its own that need not reach the disk. The gate is asked by the same
 * statement: while it is closed, or the source is spared, the batch is planned again, and the source is not read for nothing.
 * Undefined when the gate is closed, or the batch is not queued in this generation, or has no attempt left.
 */
export async function countAttempt(
  db: Queryable,
  id: number,
  generation: number,
  parents: readonly string[] = [],
): Promise<ClaimedBatch | undefined> {
  const counted = await db.query<ClaimedBatch & { open: boolean }>(
    `update migration.batches b set attempts = attempts + gate.open::integer,
       status = case when gate.open then 'queued' else 'planned' end,
       available_at = case when gate.open then available_at else now() + ${SHUT_OUT_MS} * interval '1 ms' end
     from (select set_config('synchronous_commit', 'off', true)) lazily,
       (select ${gateOpenIn(ofBatch("run_id"), ofBatch("entity"), "$3::text[]")} and not ${heldRun(ofBatch("run_id"))} as open) gate
     where id = $1 and generation = $2 and status = 'queued' and attempts < ${MAX_ATTEMPTS}
     returning id, run_id as "runId", entity, generation, attempts, after_key as after, to_key as "to", keys, gate.open,
       case when breaks_generation = generation then breaks else 0 end as breaks`,
    [id, generation, parents],
  );
  const [row] = counted.rows;
  if (row === undefined || !row.open) return undefined;
  const { open: _, ...claimed } = row;
  return claimed;
}

/** Of the batch `$1`. */
function ofBatch(column: string): string {
  return `(select ${column} from migration.batches where id = $1)`;
}

/** The batch is done, with these counts; what earlier generations wrote is added. `durationMs`: how long it took; `sourceMs`: the source's part. */
export async function finishBatch(
  tx: Queryable,
  id: number,
  counts: BatchCounts,
  durationMs: number,
  sourceMs: number | null = null,
): Promise<void> {
  await tx.query(
    `update migration.batches set status = 'done', finished_at = clock_timestamp(), duration_ms = $2, error_code = null,
       read = $3, loaded = $4, inserted = inserted + $5, updated = updated + $6, rejected = $7, parked = $8, noted = $9, source_ms = $10,
       unforeseen = case when $7 = 0 then 0 else (
         select count(*) from migration.exceptions where batch_id = $1 and ${isUnforeseen("$11")}) end
     where id = $1`,
    [
      id,
      Math.round(durationMs),
      counts.read,
      counts.loaded,
      counts.inserted,
      counts.updated,
      counts.rejected,
      counts.parked,
      counts.noted,
      sourceMs === null ? null : Math.round(sourceMs),
      FORESEEN_PATTERNS,
    ],
  );
}

/** The batch failed for good: an operator must requeue it or waive its entity. */
export async function failBatch(
  db: Queryable,
  id: number,
  generation: number,
  errorCode: string,
): Promise<void> {
  await db.query(
    `update migration.batches set status = 'failed', finished_at = now(), error_code = $3
     where id = $1 and generation = $2 and status = 'queued'`,
    [id, generation, errorCode],
  );
}

/** Fails a queued batch that crashed its loader so often that no attempt is left. Undefined where it is not so. */
export async function failExhausted(
  db: Queryable,
  id: number,
  generation: number,
): Promise<Exhausted | undefined> {
  const failed = await db.query<ExhaustedRow>(
    `update migration.batches set status = 'failed', finished_at = now(), error_code = coalesce(error_code, 'attempts_exhausted')
     where id = $1 and generation = $2 and status = 'queued' and attempts >= ${MAX_ATTEMPTS}
     returning ${EXHAUSTED}`,
    [id, generation],
  );
  return failed.rows[0];
}

/** When a batch that is planned again may be queued, and the error that came in its way. */
interface Again {
  readonly delayMs: number;
  readonly errorCode: string | null;
}

/** The batch is planned again after an attempt that counts. */
export async function retryBatch(
  db: Queryable,
  id: number,
  generation: number,
  again: Again,
): Promise<void> {
  await planAgain(db, id, generation, { ...again, spent: true, broke: false });
}

/**
 * The batch is planned again, and its attempt does not count: nothing is known to be wrong with it. `broke`: its connection broke
 * under it, which is counted.
 */
export async function snoozeBatch(
  db: Queryable,
  id: number,
  generation: number,
  { broke = false, ...again }: Again & { readonly broke?: boolean },
): Promise<void> {
  await planAgain(db, id, generation, { ...again, spent: false, broke });
}

/** The attempts never fall below 0: a crash of the target may have forgotten the attempt that is given back. */
async function planAgain(
  db: Queryable,
  id: number,
  generation: number,
  {
    delayMs,
    errorCode,
    spent,
    broke,
  }: Again & { readonly spent: boolean; readonly broke: boolean },
): Promise<void> {
  await db.query(
    `update migration.batches set status = 'planned', available_at = now() + $3 * interval '1 ms', error_code = $4,
       attempts = greatest(attempts - case when $5 then 0 else 1 end, 0),
       breaks = case when breaks_generation = generation then breaks else 0 end + case when $6 then 1 else 0 end,
       breaks_generation = generation
     where id = $1 and generation = $2 and status = 'queued'`,
    [id, generation, delayMs, errorCode, spent, broke],
  );
}

/** Says which batches are meant: a condition on `b`, a row of `migration.batches`. Its parameters are numbered from 1. */
export interface Which {
  readonly sql: string;
  readonly values: readonly unknown[];
}

/** Plans finished or failed batches again, as their next generation. Returns the entity of each. Call it with their entities locked. */
export async function planNextGeneration(tx: Queryable, which: Which): Promise<string[]> {
  const planned = await tx.query<{ entity: string }>(
    `update migration.batches b
     set status = 'planned', generation = generation + 1, attempts = 0, available_at = now(), error_code = null
     where b.status in ('done', 'failed') and ${which.sql} returning b.entity`,
    [...which.values],
  );
  return planned.rows.map(({ entity }) => entity);
}

/**
 * Takes every batch of a paused run from the queue, and waits for what is being written. An attempt that was counted but not begun
 * to write is given back: pausing must not wear a batch out. Returns how many.
 */
export async function takeFromQueue(tx: Queryable, runId: number): Promise<number> {
  await lockBatches(tx, runId, null, ["queued"]);
  const taken = await tx.query(
    `update migration.batches set status = 'planned', attempts = greatest(attempts - 1, 0), available_at = now()
     where run_id = $1 and status = 'queued'`,
    [runId],
  );
  return taken.rowCount ?? 0;
}

const TAKE_UNBEGUN = `
  update migration.batches set status = 'planned', available_at = now() where id in (
    select id from migration.batches where run_id = $1 and status = 'queued' and attempts = 0 for update skip locked)`;

/** Takes those batches of a run from the queue that nobody has begun. Who reads one goes on: what is read is not read twice. */
export const takeUnbegun = (db: Queryable, runId: number) => db.query(TAKE_UNBEGUN, [runId]);

/** Cancels the batches that are left of a run, and waits for what is being written. Returns how many it cancelled. */
export async function cancelBatches(tx: Queryable, runId: number): Promise<number> {
  const open = before(batchArrows, "cancelled");
  await lockBatches(tx, runId, null, open);
  const cancelled = await tx.query(
    `update migration.batches set status = 'cancelled' where run_id = $1 and status = any($2::text[])`,
    [runId, open],
  );
  return cancelled.rowCount ?? 0;
}

/** Batches of an entity that was rolled back count no more. */
export async function markBatchesRolledBack(
  tx: Queryable,
  runId: number,
  entity: string,
): Promise<void> {
  await tx.query(
    `update migration.batches set status = 'rolled_back' where run_id = $1 and entity = $2 and status = any($3::text[])`,
    [runId, entity, before(batchArrows, "rolled_back")],
  );
}
