/** Tables whose policies would keep rows out of a dump: pg_dump reads as we do, and says nothing of what it is not shown. */
import type { Queryable } from "@nexus/shared/database";

/** The names of those among `tables`, of schema public. Empty: we see every row of each. */
export async function tablesWithHiddenRows(
  db: Queryable,
  tables: readonly string[],
): Promise<string[]> {
  const found = await db.query<{ name: string }>(
    `with mine as (
       select p.polrelid, p.polpermissive, pg_get_expr(p.polqual, p.polrelid) as condition from pg_policy p
       where p.polcmd in ('r', '*') and exists (
         select from unnest(p.polroles) r where r = 0 or pg_has_role(r, 'usage')))
     select c.relname as name from pg_class c
     where c.relnamespace = 'public'::regnamespace and c.relname = any($1::text[]) and row_security_active(c.oid)
       and (exists (select from mine m where m.polrelid = c.oid and not m.polpermissive and m.condition is distinct from 'true')
         or not exists (select from mine m where m.polrelid = c.oid and m.polpermissive and m.condition = 'true'))
     order by 1`,
    [tables],
  );
  return found.rows.map(({ name }) => name);
}
