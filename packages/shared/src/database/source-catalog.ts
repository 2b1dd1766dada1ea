/** What the source has, from its catalog. PostgreSQL 9.5 syntax. */
import { type SourceColumn, sourceShape, type SourceShape } from "@nexus/catalog";
import type { Queryable } from "./pool.ts";
import { FOUND_BY_NAME } from "./source-tables.ts";

/** Every column of the tables that a bare name finds, whoever may read it, with its type as PostgreSQL names it (a domain as what it is over). */
async function readSourceColumns(legacy: Queryable): Promise<SourceColumn[]> {
  const { rows } = await legacy.query<SourceColumn>(
    `with recursive based (domain, base, typmod) as (
       select oid, typbasetype, typtypmod from pg_catalog.pg_type where typtype = 'd'
       union all
       select b.domain, t.typbasetype, case when t.typtypmod = -1 then b.typmod else t.typtypmod end
         from based b join pg_catalog.pg_type t on t.oid = b.base where t.typtype = 'd')
     select c.relname::text as "table", a.attname::text as "column",
            format_type(t.oid, coalesce(d.typmod, a.atttypmod)) as type, t.typcategory::text as category
       from pg_catalog.pg_class c
       join pg_catalog.pg_namespace n on n.oid = c.relnamespace
       join pg_catalog.pg_attribute a on a.attrelid = c.oid
       left join (based d join pg_catalog.pg_type b on b.oid = d.base and b.typtype <> 'd') on d.domain = a.atttypid
       join pg_catalog.pg_type t on t.oid = coalesce(d.base, a.atttypid)
      where ${FOUND_BY_NAME} and c.relkind in ('r', 'v', 'm', 'f', 'p')
        and a.attnum > 0 and not a.attisdropped
      order by c.relname, a.attnum`,
  );
  return rows;
}

/** What a session of this role begins with, whatever has been set since. */
async function readTimezone(legacy: Queryable): Promise<string> {
  const { rows } = await legacy.query<{ zone: string }>(
    "select reset_val as zone from pg_catalog.pg_settings where name = 'TimeZone'",
  );
  return rows[0]?.zone ?? "UTC";
}

/** The shape of the source. `zone`: where times without a zone were written, if it is not the server's setting. */
export async function readSourceShape(
  legacy: Queryable,
  zone?: string | null,
): Promise<SourceShape> {
  return sourceShape(await readSourceColumns(legacy), zone ?? (await readTimezone(legacy)));
}

/** The statements that let the current role read those of the tables that it may not. */
export async function missingPrivileges(
  legacy: Queryable,
  tables: readonly string[],
): Promise<string[]> {
  const { rows } = await legacy.query<{ privilege: string }>(
    `select format('grant usage on schema %I to %I', coalesce(current_schema(), 'public'), current_user) as privilege
      where not has_schema_privilege(coalesce(current_schema(), 'public'), 'usage')
     union all
     select format('grant select on %I.%I to %I', n.nspname, c.relname, current_user)
       from pg_catalog.pg_class c
       join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where ${FOUND_BY_NAME} and c.relname = any($1::text[]) and not has_table_privilege(c.oid, 'select')`,
    [tables],
  );
  return rows.map(({ privilege }) => privilege);
}
