/** One record of undo is taken back: the newest of its entity first, so that each meets the rows as it left them. */
import { type Client, nextStep } from "@nexus/shared/database";
import type { Rollback, Run } from "@nexus/shared/ledger";
import { recordContentEvent } from "@nexus/shared/ledger";
import { deleteRows, restoreRows, type Taken } from "./take-back.ts";
import { type Left, recordLeft } from "./left.ts";
import type { Place } from "./place.ts";

export interface Unwinding {
  readonly rollback: Rollback;
  readonly run: Run;
  readonly place: Place;
}

interface UndoRecord {
  readonly id: number;
  readonly batchId: number | null;
  readonly inserted: readonly string[];
  readonly updated: readonly string[];
}

/** Takes back the newest record that is left of an entity. False: there is none. */
export async function unwindNext(tx: Client, unwinding: Unwinding): Promise<boolean> {
  const { run, place } = unwinding;
  const found = await tx.query<{ id: number; batchId: number | null; ids: string }>(
    `select id, batch_id as "batchId", json_build_object('inserted', inserted, 'updated', updated)::text as ids from migration.undo
     where run_id = $1 and entity = $2 and undone_at is null order by id desc limit 1`,
    [run.id, place.entity.name],
  );
  const [row] = found.rows;
  if (row === undefined) return false;
  const { id, batchId } = row;
  const ids: Pick<UndoRecord, "inserted" | "updated"> = JSON.parse(row.ids);
  await unwind(tx, unwinding, { id, batchId, ...ids });
  await tx.query(`update migration.undo set undone_at = now() where id = $1`, [id]);
  return true;
}

async function unwind(tx: Client, unwinding: Unwinding, record: UndoRecord): Promise<void> {
  const { rollback, run, place } = unwinding;
  const rows = await lockRows(tx, run, place, record);
  const deleted = await inPieces(tx, rows.toDelete, (ids) => deleteRows(tx, place, ids));
  const restored = await inPieces(tx, rows.toRestore, (ids) =>
    restoreRows(tx, place, record.id, ids),
  );
  await noteOwn(tx, run, [...deleted.xids, ...restored.xids]);
  const left = [...rows.left, ...deleted.left, ...restored.left];
  await recordLeft(tx, rollback, place, record.id, [...deleted.ids, ...restored.ids], left);
  await offerAgain(tx, run, place, record, [
    ...restored.ids,
    ...left.flatMap(({ id, reason }) => (reason === "gone" ? [] : [id])),
  ]);
}

interface Rows {
  readonly toDelete: readonly string[];
  readonly toRestore: readonly string[];
  readonly left: readonly Left[];
}

/**
 * Locks the rows of a record, so that nobody refers to them from now on, and tells those that the run was the last to write: their `xmin` is
 * one of its transactions', or of its rollback's.
 */
async function lockRows(
  tx: Client,
  run: Run,
  { entity }: Place,
  { inserted, updated }: UndoRecord,
): Promise<Rows> {
  const found = await tx.query<{ id: string; ours: boolean }>(
    `select t.id::text as id,
       exists (select from migration.undo u where u.run_id = $1 and u.xid = t.xmin::text::bigint offset 0) as ours
     from public.${entity.target.table} t where t.id = any($2::uuid[]) order by t.id for update`,
    [run.id, [...inserted, ...updated]],
  );
  const there = new Map(found.rows.map(({ id, ours }) => [id, ours]));
  const isOurs = (id: string): boolean => there.get(id) === true;
  const changed = found.rows.filter(({ ours }) => !ours);
  const gone = updated.filter((id) => !there.has(id));
  return {
    toDelete: inserted.filter(isOurs),
    toRestore: updated.filter(isOurs),
    left: [
      ...changed.map(({ id }): Left => ({ id, reason: "changed" })),
      ...gone.map((id): Left => ({ id, reason: "gone" })),
    ],
  };
}

const NONE: Taken = { ids: [], xids: [], left: [] };

/** All at once; where a rule of the target refuses that, by halves, until the row is found that it refuses. */
async function inPieces(
  tx: Client,
  ids: readonly string[],
  work: (ids: readonly string[]) => Promise<Taken>,
): Promise<Taken> {
  if (ids.length === 0) return NONE;
  await tx.query("savepoint piece");
  try {
    const taken = await work(ids);
    await tx.query("release savepoint piece");
    return taken;
  } catch (error) {
    if (nextStep(error) !== "row") throw error;
    await tx.query("rollback to savepoint piece; release savepoint piece");
  }
  const [first = ""] = ids;
  if (ids.length === 1) return { ...NONE, left: [{ id: first, reason: "refused" }] };
  const half = Math.ceil(ids.length / 2);
  const one = await inPieces(tx, ids.slice(0, half), work);
  const other = await inPieces(tx, ids.slice(half), work);
  return {
    ids: [...one.ids, ...other.ids],
    xids: [...one.xids, ...other.xids],
    left: [...one.left, ...other.left],
  };
}

/** What the rollback itself has written is known by its transactions, too: an older record may be of the same rows. */
async function noteOwn(tx: Client, { id }: Run, xids: readonly number[]): Promise<void> {
  await tx.query(
    `insert into migration.undo (run_id, xid, undone_at)
     select distinct $1::integer, x, now() from unnest($2::bigint[] || pg_current_xact_id()::xid::text::bigint) as x`,
    [id, [...new Set(xids)]],
  );
}

/** Rows that are there, with other content than the run offered, are offered anew; the events of the run end. */
async function offerAgain(
  tx: Client,
  run: Run,
  { entity: { content } }: Place,
  { batchId }: UndoRecord,
  ids: readonly string[],
): Promise<void> {
  if (content === null) return;
  await tx.query(
    `update migration.content_events set done_at = coalesce(done_at, now()), dify_open = false
     where batch_id = $1 and (done_at is null or dify_open)`,
    [batchId],
  );
  await recordContentEvent(tx, null, run, content, [...new Set(ids)]);
}
