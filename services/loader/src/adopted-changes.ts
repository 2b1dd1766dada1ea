/** What a batch changes in rows that were adopted: counted before it is written, in the first run after an adoption only. */
import { type Entity, idOf, type LoadedRow } from "@nexus/catalog";
import {
  type Changes,
  changesFrom,
  type Client,
  countDifferent,
  NO_CHANGES,
  sentColumns,
  sentValues,
} from "@nexus/shared/database";
import type { RunContext } from "./run-context.ts";

/** Counts, among these rows, the adopted ones that will be changed, and in which columns. */
export async function countAdoptedChanges(
  tx: Client,
  entity: Entity,
  { idNamespace, tables, adoptedAfter }: RunContext,
  rows: readonly LoadedRow[],
): Promise<Changes> {
  const after = adoptedAfter.get(entity.name);
  if (after === undefined || rows.length === 0) return NO_CHANGES;
  const columns = sentColumns(entity, tables(entity));
  const ids = rows.map(({ legacyId }) => idOf(idNamespace, entity.name, legacyId));
  const { table, key } = entity.target;
  const old = `select o.* from public.${table} o where o.${key} = i.${key} and exists (
    select from migration.adopted_rows a
    where a.entity = '${entity.name}' and a.id = o.id and a.adopted_at > $${Object.keys(columns).length + 2}::timestamptz) limit 1`;
  const counted = await tx.query<{ rows: number; columns: string }>(countDifferent(columns, old), [
    ...sentValues(columns, ids, rows),
    after,
  ]);
  const [found] = counted.rows;
  return found === undefined ? NO_CHANGES : changesFrom(found);
}
