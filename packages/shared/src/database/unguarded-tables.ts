/**
 * Tables of others that tenants may read whole: without row level security, or with a policy that lets everything through.
 * Nobody keeps a record of where rows were copied from (`create table … as`), so what looks like a table of ours by its columns counts as a copy.
 */
import type { Guarded } from "./open-objects.ts";
import { rolesOf } from "./audience.ts";
import type { Queryable } from "./pool.ts";

export interface UnguardedTable {
  readonly oid: number;
  readonly name: string;
  /** The table of ours whose columns it has, or those that are equally like it; none for most. */
  readonly copies: readonly string[];
  /** Who may read it; `public` is everybody. */
  readonly readers: readonly string[];
}

/** Columns that are found in this many tables of ours tell nothing about where rows are from. */
const COMMON = 3;

/** So many columns of one table of ours, by name and type, are no accident; with its legacy key one is enough. */
const TELLING = 3;

/** Only of schemas that tenants may use, and none that an extension brought. `guarded`: ours and their relatives, which are looked at elsewhere. */
export async function unguardedTables(
  db: Queryable,
  guarded: readonly Guarded[],
  tenants: readonly string[],
): Promise<UnguardedTable[]> {
  const ours = guarded.filter(({ relative, schema }) => !relative && schema === "public");
  const { rows } = await db.query<{ oid: number; name: string; copies: string; readers: string }>(
    `with
     -- Tables that tenants may read row by row: no row security, or a policy that lets them read all.
     unguarded as (
       select c.oid, c.relnamespace from pg_class c
        where c.relkind in ('r', 'p') and c.oid >= 16384 and c.oid::bigint <> all($1::bigint[]) and not pg_is_other_temp_schema(c.relnamespace)
          and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
          and (not c.relrowsecurity or exists (
            select from pg_policy p, unnest(p.polroles) role left join pg_roles r on r.oid = role
             where p.polrelid = c.oid and p.polpermissive and p.polcmd in ('r', '*') and pg_get_expr(p.polqual, p.polrelid) = 'true'
               and (role = 0 or r.rolname = any($3::text[]))))),
     -- Which of the tenants' roles have the right to.
     open as (
       select u.oid, array(select role from ${rolesOf("$3")} roles
                            where has_schema_privilege(id, u.relnamespace, 'usage') and has_any_column_privilege(id, u.oid, 'select') order by 1) as readers
         from unguarded u),
     -- The columns of our tables, by which a copy is known.
     columns as (
       select attrelid, attname, atttypid, attname ~ '^legacy_' as key, count(*) over (partition by attname) >= ${COMMON} as common
         from pg_attribute where attrelid::bigint = any($2::bigint[]) and attnum > 0 and not attisdropped)
     select o.oid::bigint as oid, o.oid::regclass::text as name, array_to_string(o.readers, e'\\n') as readers,
            (select coalesce(string_agg(likeness.name, e'\\n' order by likeness.name), '') from (
               select c.attrelid::regclass::text as name, rank() over (order by count(*) desc) as place
                 from columns c join pg_attribute a on a.attrelid = o.oid and a.attname = c.attname and a.atttypid = c.atttypid
                group by c.attrelid
               having count(*) filter (where not c.common and not c.key) >= case when bool_or(c.key) then 1 else ${TELLING} end) likeness
              where likeness.place = 1) as copies
       from open o where o.readers <> '{}' order by 2`,
    [guarded.map(({ oid }) => oid), ours.map(({ oid }) => oid), tenants],
  );
  return rows.map(({ oid, name, copies, readers }) => ({
    oid,
    name,
    copies: lines(copies),
    readers: lines(readers),
  }));
}

function lines(text: string): string[] {
  return text === "" ? [] : text.split("\n");
}
