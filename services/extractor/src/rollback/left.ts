/** Rows that a rollback leaves as they are, and why: by their ids, never a value. */
import type { Client } from "@nexus/shared/database";
import type { Rollback } from "@nexus/shared/ledger";
import type { Columns, rollbackLeft } from "@nexus/shared/tables";
import type { Place } from "./place.ts";

/** `changed`: others have written it since; the other reasons are told in 028-undo.sql. */
export type Left = Columns<typeof rollbackLeft, { id: "id"; reason: "reason" }>;

/**
 * Lists what is left of a record. What was taken back is not left any more, whatever a newer record said of it; and a row that others have
 * changed, or deleted, is not listed if it is what it was before the run.
 */
export async function recordLeft(
  tx: Client,
  { id }: Rollback,
  { entity: { name, target } }: Place,
  recordId: number,
  takenBack: readonly string[],
  left: readonly Left[],
): Promise<void> {
  if (takenBack.length > 0)
    await tx.query(
      `delete from migration.rollback_left where rollback_id = $1 and entity = $2 and id = any($3::uuid[])`,
      [id, name, takenBack],
    );
  if (left.length === 0) return;
  await tx.query(
    `insert into migration.rollback_left (rollback_id, entity, id, reason, legacy_id)
     select $1, $2, l.id, l.reason, t.${target.key}
     from unnest($3::uuid[], $4::text[]) as l (id, reason)
     left join public.${target.table} t on t.id = l.id
     where not (l.reason = 'changed' and exists (
       select from migration.undo u cross join lateral (
         select * from unnest(u.updated, u.former) as k (row_id, former)
         union all select (r ->> 'id')::uuid, r from unnest(u.removed) r) f
       where u.id = $5 and f.row_id = l.id and f.former = to_jsonb(t)))
     on conflict (rollback_id, entity, id) do update set reason = excluded.reason`,
    [id, name, left.map((one) => one.id), left.map((one) => one.reason), recordId],
  );
}
