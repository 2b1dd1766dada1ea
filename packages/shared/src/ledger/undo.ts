/** What runs keep so that they can be rolled back: in the transaction that writes the rows. See docs/decisions/undo.md. */
import type { Queryable } from "../database/pool.ts";

/** For what something is written: the run, and the batch that writes it; null where settling does. */
export interface Writer {
  readonly runId: number;
  readonly batchId: number | null;
}

/** SQL: the number of the transaction that is under way, as `xmin` of a row shows it. */
const THIS_XID = "pg_current_xact_id()::xid::text::bigint";

/** A run begins that keeps what it changes. */
export async function beginUndo(tx: Queryable, runId: number): Promise<void> {
  await tx.query(`update migration.runs set undo = 'kept' where id = $1`, [runId]);
}

/** Whether a run keeps what it changes. */
export async function keepsUndo(db: Queryable, runId: number): Promise<boolean> {
  const found = await db.query(`select from migration.runs where id = $1 and undo = 'kept'`, [
    runId,
  ]);
  return found.rowCount === 1;
}

/** Rows of a table of the target. */
export interface WhichRows {
  readonly entity: string;
  readonly table: string;
  /** A condition on `t`. Its parameters are numbered from 4. */
  readonly where: string;
  readonly values: readonly unknown[];
}

/** Keeps rows as they are before this transaction changes them. They are locked, so that nobody else does meanwhile. */
export async function keepFormer(
  tx: Queryable,
  { runId, batchId }: Writer,
  { entity, table, where, values }: WhichRows,
): Promise<void> {
  await tx.query(
    `insert into migration.undo (run_id, entity, batch_id, xid, updated, former)
     select $1, $2, $3::bigint, ${THIS_XID}, array_agg(o.id), array_agg(to_jsonb(o))
     from (select t.* from public.${table} t where ${where} order by t.id for no key update) o having count(*) > 0`,
    [runId, entity, batchId, ...values],
  );
}

/** A run has written rows in transactions, or in parts of one, with these numbers: they are its own. */
export async function noteWritten(
  tx: Queryable,
  runId: number,
  xids: readonly number[],
): Promise<void> {
  await tx.query(
    `insert into migration.undo (run_id, xid, undone_at)
     select distinct $1::integer, x, now() from unnest($2::bigint[] || ${THIS_XID}) as x`,
    [runId, xids],
  );
}

/** For what is written beside the batches of the active run. Undefined: there is none, or it does not keep what it changes. */
export async function activeWriter(tx: Queryable): Promise<Writer | undefined> {
  const found = await tx.query<{ runId: number }>(
    `select id as "runId" from migration.runs where status in ('running', 'paused') and undo = 'kept'`,
  );
  const [row] = found.rows;
  return row && { ...row, batchId: null };
}

/** Records that one statement removes. */
const AT_ONCE = 200;

/**
 * Forgets what was kept for runs that ended so many days ago: then they cannot be rolled back any more. `more`: there may be others. What is
 * being rolled back stays.
 */
export async function forgetUndo(
  db: Queryable,
  days: number,
): Promise<{ readonly forgotten: number; readonly more: boolean }> {
  const removed = await db.query(
    `with old as (
       select id from migration.runs r
       where undo = 'kept' and finished_at < now() - make_interval(days => $1::integer)
         and not exists (select from migration.rollbacks b where b.run_id = r.id and b.status = 'open')),
     page as (
       select u.id from migration.undo u join migration.runs r on r.id = u.run_id
       where r.undo = 'purged' or r.id in (select id from old) order by u.id limit ${AT_ONCE}),
     marked as (update migration.runs set undo = 'purged' where id in (select id from old))
     delete from migration.undo where id in (select id from page)`,
    [days],
  );
  const forgotten = removed.rowCount ?? 0;
  return { forgotten, more: forgotten === AT_ONCE };
}
