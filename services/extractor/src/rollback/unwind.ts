/** One record of undo is taken back: the newest of its entity first, so that each meets the rows as it left them. */
import type { Client } from "@nexus/shared/database";
import {
  type KeptRows,
  noteRestored,
  noteWritten,
  recordContentEvent,
  type Rollback,
  type Run,
} from "@nexus/shared/ledger";
import { failpoint } from "@nexus/shared/runtime";
import { listChangedFollowers } from "./followers.ts";
import { lockRows } from "./lock-rows.ts";
import { deleteRows, restoreRows, type Taken, takePieces } from "./take-back.ts";
import { type Left, recordLeft } from "./left.ts";
import type { Place } from "./place.ts";

export interface Unwinding {
  readonly rollback: Rollback;
  readonly run: Run;
  readonly place: Place;
  /** Of entities whose rows may have gone along, if they are rolled back, too. */
  readonly followers: readonly Place[];
}

interface UndoRecord {
  readonly id: number;
  readonly batchId: number | null;
  readonly inserted: readonly string[];
  readonly updated: readonly string[];
  /** By entity. */
  readonly takenAlong: Readonly<Record<string, readonly string[]>>;
}

/** SQL: the ids of the rows that went along, by entity. */
const TAKEN_ALONG = `coalesce((
  select json_object_agg(e.key, (select json_agg(r -> 'id') from jsonb_array_elements(e.value) r))
  from jsonb_each(taken_along) e where e.value <> 'null'), '{}')`;

/** Takes back the newest record that is left of an entity. False: there is none. */
export async function unwindNext(tx: Client, unwinding: Unwinding): Promise<boolean> {
  const { run, place } = unwinding;
  const found = await tx.query<{ id: number; batchId: number | null; ids: string }>(
    `select id, batch_id as "batchId", json_build_object('inserted', inserted, 'updated', updated, 'takenAlong', ${TAKEN_ALONG})::text as ids
     from migration.undo
     where run_id = $1 and entity = $2 and undone_at is null order by id desc limit 1`,
    [run.id, place.entity.name],
  );
  const [row] = found.rows;
  if (row === undefined) return false;
  const { id, batchId } = row;
  const ids: Omit<UndoRecord, "id" | "batchId"> = JSON.parse(row.ids);
  await unwind(tx, unwinding, { id, batchId, ...ids });
  failpoint("rollback.unwound");
  await tx.query(`update migration.undo set undone_at = now() where id = $1`, [id]);
  return true;
}

async function unwind(tx: Client, unwinding: Unwinding, record: UndoRecord): Promise<void> {
  const { run, place, followers } = unwinding;
  const { inserted, updated } = record;
  const rows = await lockRows(tx, unwinding.rollback, place, inserted, updated);
  await listChangedFollowers(tx, unwinding, record.id, "updated", rows.toRestore);
  const deleted = await takePieces(tx, rows.toDelete, (ids) => deleteRows(tx, place, ids));
  const restored = await takePieces(tx, rows.toRestore, (ids) =>
    restoreRows(tx, place, "updated", record.id, ids),
  );
  await noteTaken(tx, run, record.id, "updated", [restored]);
  const left = [...rows.left, ...deleted.left, ...restored.left];
  await account(tx, unwinding, record, place, [...deleted.ids, ...restored.ids], left);
  for (const follower of followers) await bringBack(tx, unwinding, record, follower);
}

/** What was written is the run's, until this rollback is over; what is as it was is once more the run's that had left it so. */
export async function noteTaken(
  tx: Client,
  { id }: Run,
  recordId: number,
  kept: KeptRows,
  taken: readonly Taken[],
): Promise<void> {
  const written = taken.flatMap((one) => one.written);
  await noteWritten(
    tx,
    id,
    written.map(({ xid }) => xid),
  );
  const asTheyWere = new Set(taken.flatMap(({ ids }) => ids));
  await noteRestored(
    tx,
    recordId,
    kept,
    written.filter((one) => asTheyWere.has(one.id)),
  );
}

/** Rows that went along come back after those that they follow: these have just taken them along once more. */
async function bringBack(
  tx: Client,
  unwinding: Unwinding,
  record: UndoRecord,
  follower: Place,
): Promise<void> {
  const ids = record.takenAlong[follower.entity.name] ?? [];
  if (ids.length === 0) return;
  const rows = await lockRows(tx, unwinding.rollback, follower, [], ids);
  const restored = await takePieces(tx, rows.toRestore, (some) =>
    restoreRows(tx, follower, "taken_along", record.id, some),
  );
  await noteWritten(
    tx,
    unwinding.run.id,
    restored.written.map(({ xid }) => xid),
  );
  // What is not there has gone with what the run inserted, or is known to have been deleted.
  const left = [...rows.left.filter(({ reason }) => reason !== "gone"), ...restored.left];
  await account(tx, unwinding, record, follower, restored.ids, left);
}

/** Lists what is left, and offers what is there to the readers of content. */
export async function account(
  tx: Client,
  { rollback, run }: Unwinding,
  record: UndoRecord,
  place: Place,
  takenBack: readonly string[],
  left: readonly Left[],
): Promise<void> {
  await recordLeft(tx, rollback, place, record.id, takenBack, left);
  const there = left.flatMap(({ id, reason }) => (reason === "gone" ? [] : [id]));
  const gone = new Set(record.inserted);
  const restored = takenBack.filter((id) => !gone.has(id));
  await offerAgain(tx, run, place, record, [...restored, ...there]);
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
