/** Every statement that changes the status of an entity of a run: one function for each arrow of `states.ts`; and the gate. */
import type { Queryable } from "../database/pool.ts";
import { before, entityArrows, type EntityStatus, settled } from "../states/states.ts";

/** What a run shall do with an entity. */
export interface Selection {
  readonly entity: string;
  readonly position: number;
  readonly skip: boolean;
}

/**
 * The gate, as SQL: every parent of an entity is settled in this run, or has no part in it; and its backup is taken, where the run takes
 * any. The dispatcher opens an entity and enqueues its batches by it; a loader asks again before it reads, and before it writes. All
 * parameters are expressions of SQL.
 */
export function gateOpenIn(runId: string, entity: string, parents: string): string {
  return `(${parentsSettledIn(runId, parents)} and ${backedUpIn(runId, entity)})`;
}

/** Its first half, as SQL: then an entity may be backed up. */
export function parentsSettledIn(runId: string, parents: string): string {
  return `not exists (
    select from migration.run_entities e where e.run_id = ${runId} and e.entity = any(${parents}) and not ${settled("e")})`;
}

function backedUpIn(runId: string, entity: string): string {
  return `not exists (
    select from migration.runs g where g.id = ${runId} and g.backup and not exists (
      select from migration.backups d where d.run_id = g.id and d.entity = ${entity} and d.status in ('done', 'waived')))`;
}

/** Asks the gate. */
export async function gateIsOpen(
  tx: Queryable,
  runId: number,
  entity: string,
  parents: readonly string[],
): Promise<boolean> {
  const open = await tx.query(`select where ${gateOpenIn("$1", "$2::text", "$3::text[]")}`, [
    runId,
    entity,
    parents,
  ]);
  return open.rowCount === 1;
}

/** Whether every entity of a run is settled: then it may be completed. */
export async function allSettled(db: Queryable, runId: number): Promise<boolean> {
  const unsettled = await db.query(
    `select from migration.run_entities e where run_id = $1 and not ${settled("e")} limit 1`,
    [runId],
  );
  return unsettled.rowCount === 0;
}

/** Adds entities to a run that are not part of it: they wait to be planned, or are skipped. Returns how many it added. */
export async function addEntities(
  tx: Queryable,
  runId: number,
  selections: readonly Selection[],
): Promise<number> {
  const added = await tx.query(
    `insert into migration.run_entities (run_id, entity, position, status)
     select $1, entity, position, case when skip then 'skipped' else 'waiting' end
     from unnest($2::text[], $3::integer[], $4::boolean[]) as s (entity, position, skip) on conflict do nothing`,
    [
      runId,
      selections.map((s) => s.entity),
      selections.map((s) => s.position),
      selections.map((s) => s.skip),
    ],
  );
  return added.rowCount ?? 0;
}

/** How far an entity is planned: up to a key, in so many more batches, of so many rows. `last`: the source holds no more. */
export interface Planned {
  readonly from: number | string;
  readonly to: number | string;
  readonly expected: number;
  readonly batches: number;
  readonly last: boolean;
}

/**
 * An entity that waits or is being planned is planned further, in a running run and unless another extractor moved its cursor.
 * Returns how many batches it had.
 */
export async function planFurther(
  tx: Queryable,
  runId: number,
  entity: string,
  { from, to, expected, batches, last }: Planned,
): Promise<number | undefined> {
  const claimed = await tx.query<{ batches: number }>(
    `update migration.run_entities e
     set status = $4, cursor_key = $5, expected = expected + $6, batches = batches + $7, error_code = null,
       moved_at = now(), gone_cursor = case when $4 = 'planned' then -9223372036854775808 end
     from migration.runs r
     where e.run_id = $1 and e.entity = $2 and e.cursor_key = $3::bigint and e.status in ('waiting', 'planning')
       and r.id = e.run_id and r.status = 'running'
     returning e.batches - $7 as batches`,
    [runId, entity, from, last ? "planned" : "planning", to, expected, batches],
  );
  return claimed.rows[0]?.batches;
}

/** Marks a waiting entity as planned: its batches did not come from the source, but from earlier runs. */
export async function markPlanned(tx: Queryable, runId: number, entity: string): Promise<void> {
  await tx.query(
    `update migration.run_entities set status = 'planned' where run_id = $1 and entity = $2 and status = 'waiting'`,
    [runId, entity],
  );
}

/**
 * Opens an entity whose plan is complete, by the gate: its parents are all settled (or not part of this run), and it is backed up.
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
       where run_id = $1 and entity = $2 and status = 'planned' and ${gateOpenIn("$1", "$2", "$3::text[]")}
       returning entity, cursor_key, batches, unchanged),
     read_anew as (
       update migration.moved_parents m set run_id = $1 from opened o
       where m.child = o.entity and (o.cursor_key > -9223372036854775808 or o.batches = 0) and o.unchanged = 0)
     select from opened`,
    [runId, entity, parents],
  );
  return opened.rowCount === 1;
}

export async function markSettling(tx: Queryable, runId: number, entity: string): Promise<boolean> {
  return await move(tx, runId, entity, ["loading"], "settling");
}

export async function markComplete(tx: Queryable, runId: number, entity: string): Promise<boolean> {
  return await move(tx, runId, entity, ["settling"], "complete");
}

/** `errorCode`: the check that failed first, or why its backup did. */
export async function markBlocked(
  tx: Queryable,
  runId: number,
  entity: string,
  errorCode: string | null,
): Promise<boolean> {
  return await move(tx, runId, entity, before(entityArrows, "blocked"), "blocked", errorCode);
}

/** What it was blocked for by its backup is over: it opens by the gate. */
export async function openByTheGate(tx: Queryable, runId: number, entity: string): Promise<void> {
  await move(tx, runId, entity, ["planned", "blocked"], "planned");
}

/** An entity that settles has batches to do after all. */
export async function loadMore(tx: Queryable, runId: number, entity: string): Promise<boolean> {
  return await move(tx, runId, entity, ["settling"], "loading");
}

/** Parents of its rows have arrived or moved. What an operator waived stays waived for when it is blocked again. */
export async function loadAgain(tx: Queryable, runId: number, entity: string): Promise<boolean> {
  return await move(tx, runId, entity, ["complete", "blocked"], "loading");
}

/** Moves an entity to another status if it still has the expected one. Returns whether it had. */
async function move(
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

/** An operator requeued batches. A waiver ends: it was given for what is now tried again. An entity that already loads stays as it is. */
export async function loadRequeued(tx: Queryable, runId: number, entity: string): Promise<void> {
  await tx.query(
    `update migration.run_entities set status = 'loading', waived = false, settled_at = null, error_code = null
     where run_id = $1 and entity = $2 and status in ('complete', 'blocked', 'settling')`,
    [runId, entity],
  );
}

/** An operator raised the limit for which an entity is blocked: it loads the rest, or is settled again. False: it is blocked for another reason. */
export async function goOnBeyond(
  tx: Queryable,
  runId: number,
  entity: string,
  errorCode: string,
): Promise<boolean> {
  const moved = await tx.query(
    `update migration.run_entities
     set status = 'loading', waived = false, settled_at = null, error_code = null, loss_reason = null, loss_column = null
     where run_id = $1 and entity = $2 and status = 'blocked' and error_code = $3`,
    [runId, entity, errorCode],
  );
  return moved.rowCount === 1;
}

/** An operator lets the children of a blocked entity go on. */
export async function waiveEntity(tx: Queryable, runId: number, entity: string): Promise<void> {
  await tx.query(
    `update migration.run_entities set waived = true where run_id = $1 and entity = $2 and status = 'blocked'`,
    [runId, entity],
  );
}

/** Cancels what is left of a run. */
export async function cancelEntities(tx: Queryable, runId: number): Promise<void> {
  await tx.query(
    `update migration.run_entities set status = 'cancelled' where run_id = $1 and status = any($2::text[])`,
    [runId, before(entityArrows, "cancelled")],
  );
}

/** What an entity had written was taken back, after its run. */
export async function markRolledBack(
  tx: Queryable,
  runId: number,
  entity: string,
): Promise<boolean> {
  return await move(tx, runId, entity, before(entityArrows, "rolled_back"), "rolled_back");
}
