/** Which tables of the source a bare name means. PostgreSQL 9.5 syntax. */
import type { Queryable } from "./pool.ts";

/**
 * Of `pg_class c` in `pg_namespace n`: what a bare name finds by the `search_path` of this session, as each statement of ours
 * looks for it. A role that may use no schema of its path finds nothing: what lies in public is told then, to be granted.
 */
export const FOUND_BY_NAME = `(case when current_schema() is null and not has_schema_privilege(n.oid, 'usage') then n.nspname = 'public'
            else n.nspname <> 'pg_catalog' and pg_table_is_visible(c.oid) end)`;

/** Says of each table of such a name that several schemas of the search path have: only that of the first is read. The catalog is asked, no lock is waited for. */
export async function inTwoSchemas(tx: Queryable, tables: readonly string[]): Promise<string[]> {
  const { rows } = await tx.query<{ name: string; places: string; first: string }>(
    `select c.relname::text as name, string_agg(quote_ident(n.nspname), ' and ' order by p.place) as places,
            (array_agg(quote_ident(n.nspname) order by p.place))[1] as first
       from unnest(current_schemas(false)) with ordinality p (schema, place)
       join pg_catalog.pg_namespace n on n.nspname = p.schema
       join pg_catalog.pg_class c on c.relnamespace = n.oid
      where c.relname = any($1::text[]) and c.relkind in ('r', 'v', 'm', 'f', 'p')
      group by 1 having count(*) > 1 order by 1`,
    [tables],
  );
  return rows.map(
    ({ name, places, first }) =>
      `${name} lies in ${places}: that in ${first} is read, by search_path`,
  );
}

/** Says of each of the tables that is a materialized view that it may be behind. The catalog is asked, no lock is waited for. */
export async function materialized(tx: Queryable, tables: readonly string[]): Promise<string[]> {
  const { rows } = await tx.query<{ name: string }>(
    `select c.relname::text as name
       from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where ${FOUND_BY_NAME} and c.relname = any($1::text[]) and c.relkind = 'm'
      order by 1`,
    [tables],
  );
  return rows.map(
    ({ name }) => `${name} is a materialized view: rows since its last refresh are not in it`,
  );
}
