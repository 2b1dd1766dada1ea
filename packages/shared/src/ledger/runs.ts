/** Runs and their entities: rows of `migration.runs` and `migration.run_entities`. */
import type { Client, Pool, Queryable } from "../database/pool.ts";
import { inTransaction } from "../database/transaction.ts";
import { traceContext } from "../telemetry/tracing.ts";
import { type EntityStatus, type RunStatus, UNSETTLED } from "./states.ts";

export interface Run {
  readonly id: number;
  readonly status: RunStatus;
  readonly embeddings: boolean;
  readonly dify: boolean;
  /** Overrides of the catalog's codes, as they were given. */
  readonly codes: string;
  /** The traced request that started it. */
  readonly traceContext: string | null;
  /** The zone in which times without one are read, since the run began: one for all loaders. */
  readonly sourceTimezone: string | null;
}

/** What a run is created with. `dify`: whether changed content is offered to Dify; not, if left out. */
export interface RunOptions {
  readonly embeddings: boolean;
  readonly dify?: boolean | undefined;
  readonly codes: string;
  /** The share of its rows, in percent, that an entity may lose for reasons that nobody foresaw; 1, if left out. */
  readonly lossPercent?: number | undefined;
}

/** What a run shall do with an entity. */
export interface Selection {
  readonly entity: string;
  readonly position: number;
  readonly skip: boolean;
}

/** Creates a run, or returns undefined while another one is active. */
export async function createRun(
  tx: Queryable,
  selections: readonly Selection[],
  { embeddings, dify = false, codes, lossPercent = 1 }: RunOptions,
): Promise<number | undefined> {
  const created = await tx.query<{ id: number }>(
    `insert into migration.runs (embeddings, dify, codes, trace_context, loss_percent) values ($1, $2, $3::jsonb, $4, $5)
     on conflict ((true)) where status in ('planned', 'running', 'paused') do nothing
     returning id`,
    [embeddings, dify, codes, traceContext(), lossPercent],
  );
  const id = created.rows[0]?.id;
  if (id === undefined) return undefined;
  await tx.query(
    `insert into migration.run_entities (run_id, entity, position, status)
     select $1, entity, position, case when skip then 'skipped' else 'waiting' end
     from unnest($2::text[], $3::integer[], $4::boolean[]) as s (entity, position, skip)`,
    [id, selections.map((s) => s.entity), selections.map((s) => s.position), selections.map((s) => s.skip)],
  );
  return id;
}

const SELECT_RUN = `select id, status, embeddings, dify, codes::text, trace_context as "traceContext", source_timezone as "sourceTimezone" from migration.runs`;

/** The run that is planned, running or paused, if any. */
export async function activeRun(db: Queryable): Promise<Run | undefined> {
  const found = await db.query<Run>(`${SELECT_RUN} where status in ('planned', 'running', 'paused')`);
  return found.rows[0];
}

/** One run by its id. */
export async function findRun(db: Queryable, id: number): Promise<Run | undefined> {
  const found = await db.query<Run>(`${SELECT_RUN} where id = $1`, [id]);
  return found.rows[0];
}

/**
 * Locks a run before its entities and batches are changed: every control operation begins here. Not `for update`: that would
 * hold up the foreign keys of loaders and settlers, which have the batch or the entity that is locked next.
 */
export async function lockRun(tx: Queryable, id: number): Promise<RunStatus | undefined> {
  const locked = await tx.query<{ status: RunStatus }>(
    `select status from migration.runs where id = $1 for no key update`,
    [id],
  );
  await tx.query(`select from migration.run_entities where run_id = $1 order by position for no key update`, [
    id,
  ]);
  return locked.rows[0]?.status;
}

/** Moves a run to another status if it still has the one it is expected to have. Returns whether it had. */
export async function moveRun(
  tx: Queryable,
  id: number,
  from: readonly RunStatus[],
  to: RunStatus,
  errorCode: string | null = null,
): Promise<boolean> {
  const moved = await tx.query(
    `update migration.runs set status = $3, error_code = $4,
       started_at = case when $3 = 'running' then coalesce(started_at, now()) else started_at end,
       finished_at = case when $3 in ('completed', 'failed', 'cancelled') then now() end
     where id = $1 and status = any($2::text[])`,
    [id, from, to, errorCode],
  );
  return moved.rowCount === 1;
}

/** Keeps with a run the zone in which it reads times without one. */
export async function recordSourceTimezone(db: Queryable, id: number, zone: string): Promise<void> {
  await db.query(`update migration.runs set source_timezone = $2 where id = $1`, [id, zone]);
}

/**
 * Completes a running run all of whose entities are settled. Returns whether it did. Looked at again under the lock: an operator may
 * have requeued one of them meanwhile. `lastLook` runs under it, too, and says whether there is something left to do after all.
 */
export async function completeRun(
  target: Pool,
  id: number,
  lastLook: (tx: Client) => Promise<boolean> = async () => false,
): Promise<boolean> {
  if (!(await allSettled(target, id))) return false;
  return await inTransaction(target, async (tx) => {
    await lockRun(tx, id);
    if (!(await allSettled(tx, id)) || (await lastLook(tx))) return false;
    return await moveRun(tx, id, ["running"], "completed");
  });
}

/** Whether every entity of a run is settled, or not to be loaded. */
export async function allSettled(db: Queryable, runId: number): Promise<boolean> {
  const unsettled = await db.query(
    `select from migration.run_entities
     where run_id = $1 and status not in ('complete', 'skipped') and not (status = 'blocked' and waived) limit 1`,
    [runId],
  );
  return unsettled.rowCount === 0;
}

/** Entities of a run in one of some statuses, in the order of the catalog. */
export async function entitiesIn(
  db: Queryable,
  runId: number,
  statuses: readonly EntityStatus[],
): Promise<string[]> {
  const found = await db.query<{ entity: string }>(
    `select entity from migration.run_entities where run_id = $1 and status = any($2::text[]) order by position`,
    [runId, statuses],
  );
  return found.rows.map((row) => row.entity);
}

/**
 * Opens an entity whose plan is complete and whose parents are all settled (or not part of this run).
 * A run that reads all of it reads what its parents have become until now: then they have not moved.
 */
export async function openEntity(
  db: Queryable,
  runId: number,
  entity: string,
  parents: readonly string[],
): Promise<boolean> {
  const opened = await db.query(
    `with opened as (
       update migration.run_entities set status = 'loading', started_at = now(), moved_at = now(), error_code = null
       where run_id = $1 and entity = $2 and status = 'planned' and not exists (
         select from migration.run_entities where run_id = $1 and entity = any($3::text[]) and ${UNSETTLED})
       returning entity, cursor_key, batches),
     read_anew as (
       update migration.moved_parents m set run_id = $1 from opened o
       where m.child = o.entity and (o.cursor_key > -9223372036854775808 or o.batches = 0))
     select from opened`,
    [runId, entity, parents],
  );
  return opened.rowCount === 1;
}

/** Locks one entity of a run, unless another extractor has it. */
export async function claimEntity(
  tx: Queryable,
  runId: number,
  entity: string,
  status: EntityStatus,
): Promise<boolean> {
  const claimed = await tx.query(
    `select from migration.run_entities e join migration.runs r on r.id = e.run_id
     where e.run_id = $1 and e.entity = $2 and e.status = $3 and r.status = 'running'
     for update of e skip locked`,
    [runId, entity, status],
  );
  return claimed.rowCount === 1;
}

/** Moves an entity to another status if it still has the expected one. */
export async function moveEntity(
  tx: Queryable,
  runId: number,
  entity: string,
  from: readonly EntityStatus[],
  to: EntityStatus,
  errorCode: string | null = null,
): Promise<boolean> {
  const moved = await tx.query(
    `update migration.run_entities set status = $4, error_code = $5, moved_at = now(),
       settled_at = case when $4 in ('complete', 'blocked') then now() end,
       percent = case when $4 = 'complete' then 100 else percent end,
       waived = waived and $4 <> 'complete' -- What lacks nothing needs no waiver.
     where run_id = $1 and entity = $2 and status = any($3::text[])`,
    [runId, entity, from, to, errorCode],
  );
  return moved.rowCount === 1;
}

/** Writes down why an entity of a run does not get on, while it has one of some statuses. It goes with the next step that succeeds. */
export async function noteError(
  db: Queryable,
  runId: number,
  entity: string,
  statuses: readonly EntityStatus[],
  errorCode: string,
): Promise<void> {
  await db.query(
    `update migration.run_entities set error_code = $4
     where run_id = $1 and entity = $2 and status = any($3::text[]) and error_code is distinct from $4`,
    [runId, entity, statuses, errorCode],
  );
}

/** Writes down why a run cannot begin; beginning forgets it. */
export async function noteRunError(db: Queryable, runId: number, errorCode: string): Promise<void> {
  await db.query(
    `update migration.runs set error_code = $2
     where id = $1 and status = 'planned' and error_code is distinct from $2`,
    [runId, errorCode],
  );
}
