/** Tables of the target that lie in another schema than the migration fills. */
import { conflict, NOTHING, type Plan } from "./extension-plan.ts";
import type { Queryable } from "./pool.ts";

/**
 * A conflict where schema public has none of these tables, and another schema has several: beside them a second set would be made
 * and filled.
 */
export async function elsewherePlan(db: Queryable, tables: readonly string[]): Promise<Plan> {
  const { rows } = await db.query<{ schema: string; names: string; first: string }>(
    `select quote_ident(n.nspname) as schema, string_agg(c.relname, ', ' order by c.relname) as names, min(c.relname::text) as first
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relname = any($1::text[]) and c.relkind in ('r', 'p')
        and n.nspname not in ('public', 'migration', 'information_schema') and n.nspname !~ '^pg_'
        and not exists (select from pg_class o where o.relnamespace = 'public'::regnamespace and o.relname = any($1::text[]))
      group by n.nspname having count(*) > 1 order by 1 limit 1`,
    [tables],
  );
  const [found] = rows;
  if (found === undefined) return NOTHING;
  const { schema, names, first } = found;
  return conflict(
    `${names} lie in schema ${schema}, and the migration fills tables only in schema public: run 'alter table ${schema}.${first} set schema public', and so with each; if they are something else, make one of them in schema public, which may be empty`,
  );
}
