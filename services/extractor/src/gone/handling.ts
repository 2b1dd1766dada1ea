/** Rows that are gone from the source, as the target holds them, and what may be done about each. */
import { type Entity, idOf } from "@nexus/catalog";
import type { Client, Queryable } from "@nexus/shared/database";
import type { OfSource, Run, SourceNow } from "@nexus/shared/ledger";
import type { GoneFate, GonePolicy } from "@nexus/shared/tables";

/** What is the same for all rows of an entity. */
export interface Handling {
  readonly run: Run;
  readonly entity: Entity;
  readonly policy: GonePolicy;
  readonly keepsUndo: boolean;
  /** Of all entities. */
  readonly tables: readonly string[];
  readonly idNamespace: string | undefined;
}

export interface GoneRow extends OfSource {
  readonly id: string;
}

/** The rows of the target with these keys. */
export async function rowsHere(
  db: Queryable,
  { target: { table, key, origin } }: Entity,
  keys: readonly number[],
): Promise<GoneRow[]> {
  const source =
    origin === null
      ? `t.${key}::bigint`
      : `(case when t.${origin} ~ '^-?[0-9]{1,15}$' then (t.${origin})::bigint else t.${key} end)`;
  const found = await db.query<GoneRow>(
    `select t.id::text as id, t.${key} as key, ${source} as source from public.${table} t where t.${key} = any($1::bigint[])`,
    [keys],
  );
  return found.rows;
}

/** Of these rows, those that still have their key, locked. */
export async function lockHere(
  tx: Client,
  { target: { table, key } }: Entity,
  rows: readonly GoneRow[],
): Promise<GoneRow[]> {
  const locked = await tx.query<{ id: string }>(
    `select t.id::text as id from public.${table} t join unnest($1::uuid[], $2::integer[]) as r (id, key) on t.id = r.id and t.${key} = r.key
     order by t.id for update of t`,
    [rows.map(({ id }) => id), rows.map((row) => row.key)],
  );
  const there = new Set(locked.rows.map(({ id }) => id));
  return rows.filter(({ id }) => there.has(id));
}

interface Judged {
  readonly due: readonly GoneRow[];
  readonly notGone: readonly number[];
  readonly left: readonly (readonly [number, GoneFate])[];
}

/** Which rows are to be archived or deleted, now that the source was asked once more. `keys`: all that were found gone. */
export function judge(
  { entity, policy, idNamespace }: Handling,
  keys: readonly number[],
  rows: readonly GoneRow[],
  now: SourceNow,
): Judged {
  const here = new Map(rows.map((row) => [row.key, row]));
  const fateOf = (row: GoneRow): GoneFate | "due" => {
    if (!now.showsAny) return "source_empty";
    if (now.rows.has(row.source) || now.rows.has(-row.key)) return "source_row";
    const ours = idNamespace !== undefined && idOf(idNamespace, entity.name, row.source) === row.id;
    return policy === "delete" && !ours ? "not_inserted" : "due";
  };
  const gone = rows.filter(({ key }) => !now.keys.has(key));
  return {
    notGone: keys.filter((key) => !here.has(key) || now.keys.has(key)),
    due: gone.filter((row) => fateOf(row) === "due"),
    left: gone.flatMap((row): (readonly [number, GoneFate])[] => {
      const fate = fateOf(row);
      return fate === "due" ? [] : [[row.key, fate]];
    }),
  };
}
