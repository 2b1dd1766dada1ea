/** The two statements of a rollback: rows that the run had inserted go, rows that it had changed are what they were. */
import type { Client } from "@nexus/shared/database";
import type { Written } from "@nexus/shared/ledger";
import { inPieces } from "../in-pieces.ts";
import type { Left } from "./left.ts";
import type { Place } from "./place.ts";

/** Rows that were taken back, and those that were left; `written`: those that are there, whatever a rule of the target made of them. */
export interface Taken {
  readonly ids: readonly string[];
  readonly written: readonly Written[];
  readonly left: readonly Left[];
}

const NONE: Taken = { ids: [], written: [], left: [] };

/** What a rule of the target refuses is left. */
export async function takePieces(
  tx: Client,
  ids: readonly string[],
  work: (ids: readonly string[]) => Promise<Taken>,
): Promise<Taken> {
  const { done, refused } = await inPieces(tx, ids, work);
  const left = refused.map((id): Left => ({ id, reason: "refused" }));
  return done.reduce(
    (all, one) => ({
      ids: [...all.ids, ...one.ids],
      written: [...all.written, ...one.written],
      left: [...all.left, ...one.left],
    }),
    { ...NONE, left },
  );
}

/** Deletes rows to which no other row refers. Their vectors and their documents follow by triggers. */
export async function deleteRows(
  tx: Client,
  { entity, referred }: Place,
  ids: readonly string[],
): Promise<Taken> {
  const deleted = await tx.query<{ id: string }>(
    `delete from public.${entity.target.table} t where t.id = any($1::uuid[]) and not ${referred} returning t.id::text as id`,
    [ids],
  );
  const gone = new Set(deleted.rows.map(({ id }) => id));
  const left = ids.filter((id) => !gone.has(id)).map((id): Left => ({ id, reason: "referred" }));
  return { ids: [...gone], written: [], left };
}

/** A row as it is now. */
export interface Restored extends Written {
  /** A rule of the target made something else of it. */
  readonly overruled: boolean;
}

export function takenOf(rows: readonly Restored[]): Taken {
  return {
    ids: rows.flatMap(({ id, overruled }) => (overruled ? [] : [id])),
    written: rows.map(({ id, xid }) => ({ id, xid })),
    left: rows.flatMap(({ id, overruled }): Left[] =>
      overruled ? [{ id, reason: "overruled" }] : [],
    ),
  };
}

/** Where a record of undo has former rows: those that it changed, those that went along, those that it deleted. */
export type Kept = "updated" | "taken_along" | "removed";

/** Gives rows their former values. Columns that were added since keep theirs. */
export async function restoreRows(
  tx: Client,
  place: Place,
  kept: Kept,
  recordId: number,
  ids: readonly string[],
): Promise<Taken> {
  const former = formerRows(kept, place);
  await freeKeys(tx, place, former, recordId, ids);
  const { entity, columns } = place;
  const { table } = entity.target;
  const restored = await tx.query<Restored>(
    `with ${former}
     update public.${table} t set (${columns.join(", ")}) = row(${columns.map((name) => `r.${name}`).join(", ")})
     from former f join public.${table} o on o.id = f.row_id cross join lateral jsonb_populate_record(o, f.former) r
     where t.id = f.row_id
     returning t.id::text as id, t.xmin::text::bigint as xid, exists (
       select from jsonb_each(f.former) e where to_jsonb(t) -> e.key is distinct from e.value) as overruled`,
    [recordId, ids],
  );
  const known = new Set(restored.rows.map(({ id }) => id));
  const unknown = ids.filter((id) => !known.has(id));
  const taken = takenOf(restored.rows);
  return {
    ...taken,
    left: [...taken.left, ...unknown.map((id): Left => ({ id, reason: "unknown" }))],
  };
}

/** SQL of former rows, `former (row_id, former)`. Parameters: the record, and the rows of it that are meant. */
export function formerRows(kept: Kept, { entity }: Place): string {
  const rows: Readonly<Record<Kept, string>> = {
    updated: "unnest(u.updated, u.former) as f (row_id, former)",
    taken_along: `(select (r ->> 'id')::uuid as row_id, r as former
      from jsonb_array_elements(nullif(u.taken_along -> '${entity.name}', 'null')) r) f`,
    removed: `(select (r ->> 'id')::uuid as row_id, r as former from unnest(u.removed) r) f`,
  };
  return `former as (
    select f.row_id, f.former from migration.undo u cross join lateral ${rows[kept]}
    where u.id = $1 and f.row_id = any($2::uuid[]) and f.former is not null)`;
}

/** All rows step aside before any has its former key: each is unique, and two may have swapped theirs. */
async function freeKeys(
  tx: Client,
  { entity }: Place,
  former: string,
  recordId: number,
  ids: readonly string[],
): Promise<void> {
  const { table, key } = entity.target;
  await tx.query(
    `with ${former}
     update public.${table} t set ${key} = -2147483648 + f.n
     from (select row_id, former, (row_number() over ())::integer as n from former) f
     where t.id = f.row_id and t.${key} is distinct from (f.former ->> '${key}')::integer`,
    [recordId, ids],
  );
}
