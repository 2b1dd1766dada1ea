/** Whether the planner of the source knows anything of its tables. */
import type { Queryable } from "./pool.ts";
import { FOUND_BY_NAME } from "./source-tables.ts";

/** Names the tables that hold rows and were never analysed, without waiting for who has locked one. What a role may not read, it sees no statistics of. PostgreSQL 9.5 syntax. */
export async function neverAnalysed(tx: Queryable, tables: readonly string[]): Promise<string[]> {
  const { rows } = await tx.query<{ name: string }>(
    `select c.relname::text as name
       from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where ${FOUND_BY_NAME} and c.relname = any($1::text[]) and c.relkind in ('r', 'm')
        and (c.relpages > 0 or pg_stat_get_live_tuples(c.oid) > 0)
        and not exists (select from pg_catalog.pg_stats s where s.schemaname = n.nspname and s.tablename = c.relname)
      order by 1`,
    [tables],
  );
  if (rows.length === 0) return [];
  const names = rows.map(({ name }) => name).join(", ");
  return [`never analysed: ${names}: reading may take longer; run "analyze" there`];
}

/** Rows that the source itself believes its tables to have; none of those that were never analysed. PostgreSQL 9.5 syntax. */
export async function estimatedRows(tx: Queryable, tables: readonly string[]): Promise<number> {
  const { rows } = await tx.query<{ rows: number }>(
    `select coalesce(sum(greatest(c.reltuples, 0)), 0)::float8 as rows
       from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where ${FOUND_BY_NAME} and c.relname = any($1::text[])`,
    [tables],
  );
  return rows[0]?.rows ?? 0;
}
