/** The upsert statement of an entity, written from its columns. */
import type { Column, Entity } from "@nexus/catalog";
import { arrayParameter } from "./array-parameter.ts";

export interface UpsertSql {
  /** Parameters: the ids, then one array for each of `columns`. Returns id and `inserted` of the rows that were written. */
  readonly sql: string;
  readonly columns: readonly (readonly [string, Column])[];
}

const written = new Map<string, UpsertSql>();

/** Written once per entity. */
export function upsertSql(entity: Entity): UpsertSql {
  const known = written.get(entity.name) ?? write(entity);
  written.set(entity.name, known);
  return known;
}

/** Columns whose value is the source's, or else what the row already has, or else the time of first load. */
const INSTANTS: Readonly<Record<string, string>> = {
  created_at: "coalesce(i.created_at, old.created_at, now())",
  updated_at: "coalesce(i.updated_at, old.updated_at, i.created_at, now())",
};

/**
 * The look-up of the old row is lateral with a limit, so that it stays an index look-up per row on tables that were never analysed.
 * Equal rows never reach the insert: no lock, no WAL. `on conflict` is for a row that appeared since.
 */
function write(entity: Entity): UpsertSql {
  const { table, key, columns: declared } = entity.target;
  const columns = Object.keys(declared);
  const mapped = columns.filter((column) => !(column in INSTANTS));
  const dated = columns.filter((column) => column in INSTANTS);
  const sql = `
    insert into public.${table} as t (id, ${columns.join(", ")})
    select i.id, ${columns.map((column) => INSTANTS[column] ?? `i.${column}`).join(", ")}
    from (select id, ${columns.map((column) => input(column, declared[column])).join(", ")}
          from unnest(${arrayParameter(1, "uuid")}, ${columns.map((column, n) => arrayParameter(n + 2, declared[column]?.type ?? "text")).join(", ")})
            as u (id, ${columns.join(", ")})) i
    left join lateral (select * from public.${table} o where o.${key} = i.${key} limit 1) old on true
    where old.id is null
      or (${mapped.map((column) => `old.${column}`).join(", ")})
         is distinct from (${mapped.map((column) => `i.${column}`).join(", ")})
      ${dated.map((column) => `or old.${column} <> i.${column}`).join(" ")}
    order by i.${key}
    on conflict (${key}) do update set ${columns.map((column) => `${column} = excluded.${column}`).join(", ")}
    returning t.id, (t.xmax = 0) as inserted`;
  return { sql, columns: Object.entries(declared) };
}

function input(name: string, column: Column | undefined): string {
  return column?.stripNulls ? `jsonb_strip_nulls(${name}) as ${name}` : name;
}
