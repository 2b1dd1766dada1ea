/** Batches: rows of `migration.batches`. The row is the fence: whoever writes for a batch holds its lock. */
import { FORESEEN_PATTERNS } from "@nexus/catalog";
import type { Queryable } from "../database/pool.ts";
import { isUnforeseen } from "./reasons-in-sql.ts";
import { type BatchStatus, type RunStatus, UNSETTLED } from "./states.ts";

/** A batch fails for good with its fifth attempt. */
export const MAX_ATTEMPTS = 5;

/** A batch whose gate was closed is not offered before its job has left the queue: an offer under the same id would be lost. */
export const SHUT_OUT_MS = 250;

/** A batch to be offered to the loaders. */
export interface PlannedBatch {
  readonly id: number;
  readonly generation: number;
  /** Keys beyond 2^53 are in digits. */
  readonly from: number | string | null;
  readonly to: number | string | null;
}

/** What a loader needs of its batch: the range, or the keys of a repair. */
export interface ClaimedBatch {
  readonly id: number;
  readonly runId: number;
  readonly entity: string;
  readonly generation: number;
  readonly attempts: number;
  /** How often its connection broke under it, in this generation. */
  readonly breaks: number;
  readonly after: number | string | null;
  readonly to: number | string | null;
  readonly keys: number[] | null;
}

/** What became of a batch's rows. The outcomes add up to `read`. */
export interface BatchCounts {
  readonly read: number;
  readonly loaded: number;
  readonly inserted: number;
  readonly updated: number;
  readonly rejected: number;
  readonly parked: number;
  readonly noted: number;
}

/** How many more batches of an entity may be offered before `highWater` are on offer. */
export async function roomFor(
  tx: Queryable,
  runId: number,
  entity: string,
  highWater: number,
): Promise<number> {
  return highWater - (await queuedCount(tx, runId, entity, 0));
}

/** Batches on offer for at least `ageMs`. */
export async function queuedCount(
  db: Queryable,
  runId: number,
  entity: string,
  ageMs: number,
): Promise<number> {
  const counted = await db.query<{ count: number }>(
    `select count(*) from migration.batches
     where run_id = $1 and entity = $2 and status = 'queued' and queued_at <= now() - $3 * interval '1 ms'`,
    [runId, entity, ageMs],
  );
  return counted.rows[0]?.count ?? 0;
}

/**
 * Marks the next planned batches as on offer and returns them: they are offered after the commit. Call it with the entity's row
 * locked: the run's status is read again under that lock, because a pause may have come between. None while one of `parents` is open.
 */
export async function takePage(
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
             and exists (select from migration.runs where id = $1 and status = 'running')
             and not exists (select from migration.run_entities
                             where run_id = $1 and entity = any($4::text[]) and ${UNSETTLED})
           order by seq limit $3 for update skip locked) page
     where b.id = page.id
     returning b.id, b.generation, b.after_key as "from", b.to_key as "to"`,
    [runId, entity, limit, parents],
  );
  return taken.rows.sort((a, b) => a.id - b.id);
}

/** Every batch on offer, to offer it again when the queue has lost some. */
export async function queuedBatches(db: Queryable, runId: number, entity: string): Promise<PlannedBatch[]> {
  const found = await db.query<PlannedBatch>(
    `select id, generation, after_key as "from", to_key as "to" from migration.batches
     where run_id = $1 and entity = $2 and status = 'queued' order by seq`,
    [runId, entity],
  );
  return found.rows;
}

/**
 * Counts an attempt before anything is read, in a statement of its own that need not reach the disk. The gate is asked by the same
 * statement: while one of `parents` is open the batch is planned again, and the source is not read for nothing.
 * Undefined when the gate is closed, or the batch is not on offer in this generation, or has no attempt left.
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
       (select not exists (
          select from migration.run_entities
          where run_id = (select run_id from migration.batches where id = $1)
            and entity = any($3::text[]) and ${UNSETTLED}) as open) gate
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

/** Locks a batch. Undefined when its generation is not the newest any more. */
export async function lockBatch(
  tx: Queryable,
  id: number,
  generation: number,
): Promise<{ status: BatchStatus; runStatus: RunStatus } | undefined> {
  const locked = await tx.query<{ status: BatchStatus; runStatus: RunStatus }>(
    `select b.status, r.status as "runStatus" from migration.batches b join migration.runs r on r.id = b.run_id
     where b.id = $1 and b.generation = $2 for update of b`,
    [id, generation],
  );
  return locked.rows[0];
}

/** Whether every parent of an entity is settled in this run, or not part of it. */
export async function parentsSettled(
  tx: Queryable,
  runId: number,
  parents: readonly string[],
): Promise<boolean> {
  const open = await tx.query(
    `select from migration.run_entities
     where run_id = $1 and entity = any($2::text[]) and ${UNSETTLED} limit 1`,
    [runId, parents],
  );
  return open.rowCount === 0;
}

/** The batch is done, with these counts. Milliseconds that it took, and how many of them the source. */
export async function finishBatch(
  tx: Queryable,
  id: number,
  counts: BatchCounts,
  durationMs: number,
  sourceMs: number | null = null,
): Promise<void> {
  await tx.query(
    `update migration.batches set status = 'done', finished_at = clock_timestamp(), duration_ms = $2, error_code = null,
       read = $3, loaded = $4, inserted = $5, updated = $6, rejected = $7, parked = $8, noted = $9, source_ms = $10,
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

/**
 * The batch is planned again after `delayMs`. The attempt is given back where nothing was wrong with the batch;
 * a crash of the target may have forgotten it already. `broke`: its connection broke under it, which is counted.
 */
export async function handBack(
  db: Queryable,
  id: number,
  generation: number,
  back: { attempt: "spent" | "returned"; delayMs: number; errorCode: string | null; broke?: true },
): Promise<void> {
  await db.query(
    `update migration.batches set status = 'planned', available_at = now() + $3 * interval '1 ms', error_code = $4,
       attempts = greatest(attempts - case when $5 then 1 else 0 end, 0),
       breaks = case when breaks_generation = generation then breaks else 0 end + case when $6 then 1 else 0 end,
       breaks_generation = generation
     where id = $1 and generation = $2 and status = 'queued'`,
    [id, generation, back.delayMs, back.errorCode, back.attempt === "returned", back.broke ?? false],
  );
}

/** The batch stays on offer, and the attempt was none. One that is done keeps it: the commit was heard of too late. */
export async function returnAttempt(db: Queryable, id: number, generation: number): Promise<void> {
  await db.query(
    `update migration.batches set attempts = attempts - 1 where id = $1 and generation = $2 and attempts > 0 and status <> 'done'`,
    [id, generation],
  );
}
