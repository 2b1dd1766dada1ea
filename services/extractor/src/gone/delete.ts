/** Gone rows are deleted to which no other row refers. Nothing goes by a cascade. */
import type { Client } from "@nexus/shared/database";
import type { GoneFate } from "@nexus/shared/tables";
import { inPieces } from "../in-pieces.ts";
import { placeOf } from "../rollback/place.ts";
import type { GoneRow, Handling } from "./handling.ts";

interface Deleted {
  readonly deleted: readonly number[];
  readonly left: readonly (readonly [number, GoneFate])[];
}

/** Deletes rows that are locked, so that nobody refers to them from now on. Their vectors and documents follow by triggers. */
export async function deleteRows(
  tx: Client,
  { run, entity, keepsUndo, tables }: Handling,
  rows: readonly GoneRow[],
): Promise<Deleted> {
  const { referred } = await placeOf(tx, entity, tables);
  const { table } = entity.target;
  const kept = keepsUndo ? KEPT : "";
  const { done, refused } = await inPieces(
    tx,
    rows.map(({ id }) => id),
    async (some) => {
      const deleted = await tx.query<{ id: string }>(
        `with gone as (
           delete from public.${table} t where t.id = any($1::uuid[]) and not ${referred} returning t.id, to_jsonb(t) as former, t.xmin::text::bigint as former_xid)${kept}
         select id::text as id from gone`,
        keepsUndo ? [some, run.id, entity.name] : [some],
      );
      return deleted.rows.map(({ id }) => id);
    },
  );
  const gone = new Set(done.flat());
  const because = await reasons(
    tx,
    table,
    referred,
    rows.filter(({ id }) => !gone.has(id)),
  );
  return {
    deleted: rows.flatMap(({ id, key }) => (gone.has(id) ? [key] : [])),
    left: rows.flatMap(({ id, key }): (readonly [number, GoneFate])[] =>
      gone.has(id)
        ? []
        : [[key, refused.includes(id) ? "refused" : (because.get(id) ?? "refused")]],
    ),
  };
}

/** Parameters: the run, the entity. */
const KEPT = `, kept as (
  insert into migration.undo (run_id, entity, xid, removed, removed_xids)
  select $2::integer, $3, pg_current_xact_id()::xid::text::bigint, array_agg(former), array_agg(former_xid) from gone having count(*) > 0)`;

/** Where nobody refers to a row that stayed, a trigger of others kept it. */
async function reasons(
  tx: Client,
  table: string,
  referred: string,
  rows: readonly GoneRow[],
): Promise<ReadonlyMap<string, GoneFate>> {
  if (rows.length === 0) return new Map();
  const found = await tx.query<{ id: string; fate: GoneFate }>(
    `select t.id::text as id, case when ${referred} then 'referred' else 'refused' end as fate from public.${table} t where t.id = any($1::uuid[])`,
    [rows.map(({ id }) => id)],
  );
  return new Map(found.rows.map(({ id, fate }) => [id, fate]));
}
