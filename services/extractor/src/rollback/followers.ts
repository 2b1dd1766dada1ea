/**
 * Rows that follow cases, before cases are given back: a trigger rewrites them then, in our own transaction, and nobody could tell any more that
 * others had changed them.
 */
import type { Client } from "@nexus/shared/database";
import type { Rollback } from "@nexus/shared/ledger";
import { recordLeft } from "./left.ts";
import { lockRows } from "./lock-rows.ts";
import type { Place } from "./place.ts";
import { formerRows, type Kept } from "./take-back.ts";

interface Moving {
  readonly rollback: Rollback;
  /** Of the cases. */
  readonly place: Place;
  readonly followers: readonly Place[];
}

/** Locks the rows that will go along with these rows of a record, and lists those that the run keeps and others have changed: they are left, whoever writes them from now on. */
export async function listChangedFollowers(
  tx: Client,
  { rollback, place, followers }: Moving,
  recordId: number,
  kept: Kept,
  ids: readonly string[],
): Promise<void> {
  if (ids.length === 0) return;
  for (const follower of followers) {
    const found = await tx.query<{ id: string }>(
      `with ${formerRows(kept, place)}
       select t.id::text as id from former f join public.${follower.entity.target.table} t on t.case_id = f.row_id
       where t.practice_id is distinct from (f.former ->> 'practice_id')::uuid`,
      [recordId, ids],
    );
    const moving = found.rows.map(({ id }) => id);
    const { left } = await lockRows(tx, rollback, follower, [], moving);
    const changed = left.filter(({ reason }) => reason === "changed");
    if (changed.length === 0) continue;
    const ours = await keptOf(tx, rollback.runId, follower.entity.name, changed);
    const listed = changed.filter(({ id }) => ours.has(id));
    await recordLeft(tx, rollback, follower, recordId, [], listed);
  }
}

/** Those that a record of the run, not taken back yet, has as its own or as gone along. */
async function keptOf(
  tx: Client,
  runId: number,
  follower: string,
  rows: readonly { readonly id: string }[],
): Promise<ReadonlySet<string>> {
  const found = await tx.query<{ id: string }>(
    `select r.id::text as id from migration.undo u cross join lateral (
       select unnest(u.inserted || u.updated) as id where u.entity = $2
       union all
       select (along ->> 'id')::uuid from jsonb_array_elements(nullif(u.taken_along -> $2, 'null')) along) r
     where u.run_id = $1 and u.undone_at is null and r.id = any($3::uuid[])`,
    [runId, follower, rows.map(({ id }) => id)],
  );
  return new Set(found.rows.map(({ id }) => id));
}
