/** What the source has, from its catalog. PostgreSQL 9.5 syntax. */
import type { SourceColumn } from "@nexus/catalog";
import type { Queryable } from "./pool.ts";

/**
 * Every column of the current schema (public, unless the URL says otherwise), whoever may read it, with its type as PostgreSQL
 * names it (a domain as what it is over). A role that may not use the schema has no current one: then it is public.
 */
export async function readSourceColumns(legacy: Queryable): Promise<SourceColumn[]> {
  const { rows } = await legacy.query<SourceColumn>(
    `select c.relname::text as "table", a.attname::text as "column",
            case when t.typbasetype = 0 then format_type(a.atttypid, a.atttypmod)
                 else format_type(t.typbasetype, t.typtypmod) end as type
       from pg_catalog.pg_class c
       join pg_catalog.pg_namespace n on n.oid = c.relnamespace
       join pg_catalog.pg_attribute a on a.attrelid = c.oid
       join pg_catalog.pg_type t on t.oid = a.atttypid
      where n.nspname = coalesce(current_schema(), 'public') and c.relkind in ('r', 'v', 'm', 'f', 'p')
        and a.attnum > 0 and not a.attisdropped
      order by c.relname, a.attnum`,
  );
  return rows;
}

/** The statements that let the current role read those of the tables that it may not. */
export async function missingPrivileges(legacy: Queryable, tables: readonly string[]): Promise<string[]> {
  const { rows } = await legacy.query<{ privilege: string }>(
    `select format('grant usage on schema %I to %I', coalesce(current_schema(), 'public'), current_user) as privilege
      where not has_schema_privilege(coalesce(current_schema(), 'public'), 'usage')
     union all
     select format('grant select on %I.%I to %I', n.nspname, c.relname, current_user)
       from pg_catalog.pg_class c
       join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where n.nspname = coalesce(current_schema(), 'public') and c.relname = any($1::text[]) and not has_table_privilege(c.oid, 'select')`,
    [tables],
  );
  return rows.map(({ privilege }) => privilege);
}
