/** The rows of a record of undo, locked: whose they are now. */
import type { Client } from "@nexus/shared/database";
import type { Rollback } from "@nexus/shared/ledger";
import type { Left } from "./left.ts";
import type { Place } from "./place.ts";

interface Rows {
  readonly toDelete: readonly string[];
  readonly toRestore: readonly string[];
  readonly left: readonly Left[];
}

/**
 * Locks rows, so that nobody refers to them from now on, and tells those that the run was the last to write: their `xmin` is one of its
 * transactions', or of its rollback's. What was found changed once stays so, though a trigger may have written it on our behalf since.
 */
export async function lockRows(
  tx: Client,
  { id, runId }: Rollback,
  { entity }: Place,
  inserted: readonly string[],
  updated: readonly string[],
): Promise<Rows> {
  const found = await tx.query<{ id: string; ours: boolean }>(
    `select t.id::text as id,
       exists (select from migration.undo u where u.run_id = $1 and u.xid = t.xmin::text::bigint and (u.only_rows is null or t.id = any(u.only_rows)) offset 0)
       and not exists (select from migration.rollback_left l
         where l.rollback_id = $2 and l.entity = $3 and l.id = t.id and l.reason = 'changed' offset 0) as ours
     from public.${entity.target.table} t where t.id = any($4::uuid[]) order by t.id for update`,
    [runId, id, entity.name, [...inserted, ...updated]],
  );
  const there = new Map(found.rows.map(({ id: row, ours }) => [row, ours]));
  const isOurs = (row: string): boolean => there.get(row) === true;
  const changed = found.rows.filter(({ ours }) => !ours);
  const gone = updated.filter((row) => !there.has(row));
  return {
    toDelete: inserted.filter(isOurs),
    toRestore: updated.filter(isOurs),
    left: [
      ...changed.map((row): Left => ({ id: row.id, reason: "changed" })),
      ...gone.map((row): Left => ({ id: row, reason: "gone" })),
    ],
  };
}
