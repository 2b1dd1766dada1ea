/** Batches: rows of `migration.batches`. The row is the fence: whoever writes for a batch holds its lock. */
import type { Queryable } from "../database/pool.ts";
import type { BatchStatus, RunStatus } from "../states/states.ts";
import type { batches, Columns, runs } from "../tables/index.ts";

/** A batch whose gate was closed is not enqueued before its job has left the queue: a job under the same id would be lost. */
export const SHUT_OUT_MS = 250;

/** A batch to be enqueued for the loaders. */
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

/** How many more batches of an entity may be enqueued before `highWater` are queued. */
export async function roomFor(
  tx: Queryable,
  runId: number,
  entity: string,
  highWater: number,
): Promise<number> {
  return highWater - (await queuedCount(tx, runId, entity, 0));
}

/** Batches that have been queued for at least `ageMs`. */
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

type PlannedRow = Columns<
  typeof batches,
  { id: "id"; generation: "generation"; from: "after_key"; to: "to_key" }
>;

/** All queued batches: they are enqueued again when the queue has lost some. */
export async function queuedBatches(
  db: Queryable,
  runId: number,
  entity: string,
): Promise<PlannedBatch[]> {
  const found = await db.query<PlannedRow>(
    `select id, generation, after_key as "from", to_key as "to" from migration.batches
     where run_id = $1 and entity = $2 and status = 'queued' order by seq`,
    [runId, entity],
  );
  return found.rows;
}

/** Locks a batch. Undefined when its generation is not the newest any more. */
export async function lockBatch(
  tx: Queryable,
  id: number,
  generation: number,
): Promise<{ status: BatchStatus; runStatus: RunStatus } | undefined> {
  const locked = await tx.query<
    Columns<typeof batches, { status: "status" }> & Columns<typeof runs, { runStatus: "status" }>
  >(
    `select b.status, r.status as "runStatus" from migration.batches b join migration.runs r on r.id = b.run_id
     where b.id = $1 and b.generation = $2 for update of b`,
    [id, generation],
  );
  return locked.rows[0];
}

/** Locks batches of a run, of one entity or of all. It waits for the loaders that hold them: afterwards none of them is in flight. */
export async function lockBatches(
  tx: Queryable,
  runId: number,
  entity: string | null,
  statuses: readonly BatchStatus[],
): Promise<void> {
  await tx.query(
    `select from migration.batches
     where run_id = $1 and ($2::text is null or entity = $2) and status = any($3::text[]) order by id for no key update`,
    [runId, entity, statuses],
  );
}

/** The batch stays queued, and the attempt does not count. A batch that is done keeps its attempt: its commit was noticed too late. */
export async function releaseBatch(db: Queryable, id: number, generation: number): Promise<void> {
  await db.query(
    `update migration.batches set attempts = attempts - 1 where id = $1 and generation = $2 and attempts > 0 and status <> 'done'`,
    [id, generation],
  );
}
