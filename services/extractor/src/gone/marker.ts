/** Where a row of the target is marked as archived: in a column of that name, or in what is kept of the source beside the columns. */
import type { Entity } from "@nexus/catalog";
import type { Queryable } from "@nexus/shared/database";

/** SQL about a row `t`. */
export interface Marker {
  /** Sets it, and takes it away. */
  readonly set: string;
  readonly unset: string;
  /** Whether it is there. */
  readonly marked: string;
  /** Whether it can be set. */
  readonly markable: string;
}

const COLUMN = "archived_at";

/** Undefined: the table has neither. */
export async function markerOf(
  db: Queryable,
  { target: { table, archivedIn } }: Entity,
): Promise<Marker | undefined> {
  const found = await db.query<{ name: string; type: string }>(
    `select attname as name, format_type(atttypid, null) as type from pg_attribute
     where attrelid = to_regclass($1) and attname = any($2::text[]) and not attisdropped and attgenerated = ''`,
    [`public.${table}`, [COLUMN, archivedIn ?? COLUMN]],
  );
  const type = (column: string | null): string =>
    found.rows.find(({ name }) => name === column)?.type ?? "";
  if (type(COLUMN).startsWith("timestamp")) return inColumn();
  return archivedIn !== null && type(archivedIn) === "jsonb" ? inJson(archivedIn) : undefined;
}

function inColumn(): Marker {
  return {
    set: `${COLUMN} = now()`,
    unset: `${COLUMN} = null`,
    marked: `t.${COLUMN} is not null`,
    markable: "true",
  };
}

/** Beside the codes of the source: `{"legacy": {"archived_at": "…"}}`. A loader that loads the row again writes it without. */
function inJson(column: string): Marker {
  const now = `to_char(now() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
  const legacy = `coalesce(t.${column} -> 'legacy', '{}')`;
  return {
    set: `${column} = coalesce(t.${column}, '{}') || jsonb_build_object('legacy', ${legacy} || jsonb_build_object('${COLUMN}', ${now}))`,
    unset: `${column} = t.${column} #- '{legacy,${COLUMN}}'`,
    marked: `coalesce(t.${column} #> '{legacy,${COLUMN}}', 'null') <> 'null'`,
    markable: `jsonb_typeof(coalesce(t.${column}, '{}')) = 'object' and jsonb_typeof(${legacy}) = 'object'`,
  };
}
