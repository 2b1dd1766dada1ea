/** Rows that the run deleted come back first, parents before their children: what the run did before that to them is taken back after it. */
import type { Client } from "@nexus/shared/database";
import { listChangedFollowers } from "./followers.ts";
import { lockRows } from "./lock-rows.ts";
import type { Place } from "./place.ts";
import { type Restored, restoreRows, type Taken, takenOf, takePieces } from "./take-back.ts";
import { account, noteTaken, type Unwinding } from "./unwind.ts";

/** Puts the rows of the newest record back that is left of an entity. False: there is none. */
export async function reinsertNext(tx: Client, unwinding: Unwinding): Promise<boolean> {
  const { run, place } = unwinding;
  const found = await tx.query<{ id: number; ids: string }>(
    `select id, (select json_agg(r -> 'id') from unnest(removed) r)::text as ids from migration.undo
     where run_id = $1 and entity = $2 and undone_at is null and cardinality(removed) > 0 order by id desc limit 1`,
    [run.id, place.entity.name],
  );
  const [row] = found.rows;
  if (row === undefined) return false;
  const ids: readonly string[] = JSON.parse(row.ids);
  await reinsert(tx, unwinding, row.id, ids);
  await tx.query(`update migration.undo set undone_at = now() where id = $1`, [row.id]);
  return true;
}

async function reinsert(
  tx: Client,
  unwinding: Unwinding,
  recordId: number,
  ids: readonly string[],
): Promise<void> {
  const { rollback, run, place } = unwinding;
  const rows = await lockRows(tx, rollback, place, [], ids);
  await listChangedFollowers(tx, unwinding, recordId, "removed", rows.toRestore);
  const absent = rows.left.flatMap(({ id, reason }) => (reason === "gone" ? [id] : []));
  const columns = await columnsOf(tx, place, recordId);
  const inserted = await takePieces(tx, absent, (some) =>
    insertRows(tx, place, columns, recordId, some),
  );
  const restored = await takePieces(tx, rows.toRestore, (some) =>
    restoreRows(tx, place, "removed", recordId, some),
  );
  await noteTaken(tx, run, recordId, "removed", [inserted, restored]);
  await keepInsertedSince(tx, unwinding, recordId, restored.ids);
  const changed = rows.left.filter(({ reason }) => reason !== "gone");
  const record = { id: recordId, batchId: null, inserted: [], updated: [], takenAlong: {} };
  const left = [...changed, ...inserted.left, ...restored.left];
  await account(tx, unwinding, record, place, [...inserted.ids, ...restored.ids], left);
}

/** Columns that the rows had, and that the table still has. */
async function columnsOf(tx: Client, place: Place, recordId: number): Promise<readonly string[]> {
  const found = await tx.query<{ name: string }>(
    `select quote_ident(k) as name from migration.undo u cross join lateral jsonb_object_keys(u.removed[1]) k where u.id = $1`,
    [recordId],
  );
  const had = new Set(found.rows.map(({ name }) => name));
  return place.columns.filter((name) => had.has(name));
}

async function insertRows(
  tx: Client,
  { entity: { target } }: Place,
  columns: readonly string[],
  recordId: number,
  ids: readonly string[],
): Promise<Taken> {
  const inserted = await tx.query<Restored>(
    `with former as (
       select (f.former ->> 'id')::uuid as row_id, f.former from migration.undo u cross join lateral unnest(u.removed) as f (former)
       where u.id = $1 and (f.former ->> 'id')::uuid = any($2::uuid[]))
     insert into public.${target.table} as t (${columns.join(", ")})
     select ${columns.map((name) => `r.${name}`).join(", ")}
     from former f cross join lateral jsonb_populate_record(null::public.${target.table}, f.former) r
     returning t.id::text as id, t.xmin::text::bigint as xid, exists (
       select from former f cross join lateral jsonb_each(f.former) e
       where f.row_id = t.id and to_jsonb(t) -> e.key is distinct from e.value) as overruled`,
    [recordId, ids],
  );
  return takenOf(inserted.rows);
}

/** The run inserted them anew after it had deleted them: they were there before it, so they do not go. */
async function keepInsertedSince(
  tx: Client,
  { run, place }: Unwinding,
  recordId: number,
  ids: readonly string[],
): Promise<void> {
  await tx.query(
    `update migration.undo u set inserted = array(select i from unnest(u.inserted) i where i <> all($4::uuid[]))
     where u.run_id = $1 and u.entity = $2 and u.id > $3 and u.undone_at is null and u.inserted && $4::uuid[]`,
    [run.id, place.entity.name, recordId, ids],
  );
}
