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
    `insert into migration.undo (run_id, entity, batch_id, xid, updated, former, former_xids)
     select $1, $2, $3::bigint, ${THIS_XID}, array_agg((o.t).id), array_agg(to_jsonb(o.t)), array_agg(o.xid)
     from (select t, t.xmin::text::bigint as xid from public.${table} t where ${where} order by t.id for no key update) o having count(*) > 0`,
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

/** A row, and the number of the transaction that wrote it. */
export interface Written {
  readonly id: string;
  readonly xid: number;
}

/** Which rows a record of undo has kept: those that were changed, or those that were removed. */
export type KeptRows = "updated" | "removed";

/**
 * Rows that a rollback gave back are as an older run had left them, if that run was the last to write them before: from now on they are that
 * run's again, so that it can be rolled back, too.
 */
export async function noteRestored(
  tx: Queryable,
  recordId: number,
  kept: KeptRows,
  written: readonly Written[],
): Promise<void> {
  const rows = {
    updated: "unnest(u.updated, u.former_xids)",
    removed:
      "(select (r.row ->> 'id')::uuid, r.xid from unnest(u.removed, u.removed_xids) as r (row, xid))",
  }[kept];
  await tx.query(
    `insert into migration.undo (run_id, xid, only_rows, undone_at)
     select owner.run_id, w.xid, array_agg(w.id), now()
     from migration.undo u cross join lateral ${rows} as f (id, xid)
     join unnest($2::uuid[], $3::bigint[]) as w (id, xid) on w.id = f.id
     cross join lateral (
       select x.run_id from migration.runs r join migration.undo x on x.run_id = r.id and x.xid = f.xid
       where r.id < u.run_id and r.undo = 'kept' and r.status <> 'rolled_back' and (x.only_rows is null or f.id = any(x.only_rows)) limit 1) owner
     where u.id = $1 group by owner.run_id, w.xid`,
    [recordId, written.map(({ id }) => id), written.map(({ xid }) => xid)],
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
