/**
 * What of the target may show rows of our tables beside row level security, read from pg_catalog: views, rules, functions,
 * triggers and tables that inherit, each with the role as which it reads. Definitions are compared, never said.
 */
import type { Queryable } from "./pool.ts";
import { rolesOf } from "./audience.ts";

/** A table of ours, or one that inherits from one or hands down to one. */
export interface Guarded {
  readonly oid: number;
  readonly name: string;
  /** Without its schema. */
  readonly word: string;
  readonly schema: string;
  /** Not ours: shows rows of ours by inheritance, under its own policies instead of theirs. */
  readonly relative: boolean;
  /** A relative whose policies keep nothing from tenants who may read it. */
  readonly open: boolean;
}

/** A view, or a table with a rule. */
export interface Relation {
  readonly oid: number;
  readonly name: string;
  readonly word: string;
  readonly kind: "view" | "materialized view" | "table with a rule" | "foreign table";
  /** Reads as whoever asks, not as its owner. */
  readonly invoker: boolean;
  readonly owner: number;
  /** Relations and functions that it names. */
  readonly needs: readonly number[];
}

/** A function or a procedure. */
export interface Routine {
  readonly oid: number;
  readonly kind: "function" | "trigger function";
  readonly name: string;
  readonly word: string;
  readonly definer: boolean;
  /** Tenants or everybody may execute it. */
  readonly callable: boolean;
  readonly owner: number;
  readonly language: string;
  /** As it was typed; null where PostgreSQL has parsed it, and knows what it needs. */
  readonly body: string | null;
  /** Its own `search_path`, if it has one. */
  readonly path: string;
  readonly needs: readonly number[];
  /** Whoever writes these relations has it run as a trigger. */
  readonly fires: readonly number[];
}

/** Our tables of schemas public and migration that are there, and their relatives. `tenants`: roles, `public` among them for everybody. */
export async function guardedTables(
  db: Queryable,
  names: readonly string[],
  tenants: readonly string[],
): Promise<Guarded[]> {
  const { rows } = await db.query<Guarded>(
    `with recursive ours as (
       select to_regclass('public.' || quote_ident(name))::oid as oid from unnest($1::text[]) name
        where to_regclass('public.' || quote_ident(name)) is not null
       union select c.oid from pg_class c where c.relnamespace = to_regnamespace('migration') and c.relkind in ('r', 'p')),
     above as (select oid from ours union select i.inhparent from pg_inherits i join above on above.oid = i.inhrelid),
     below as (select oid from ours union select i.inhrelid from pg_inherits i join below on below.oid = i.inhparent)
     select c.oid::bigint as oid, c.oid::regclass::text as name, c.relname::text as word, c.relnamespace::regnamespace::text as schema,
            c.oid not in (select oid from ours) as relative,
            c.oid not in (select oid from ours) and (not c.relrowsecurity or exists (
              select from pg_policy p, unnest(p.polroles) role left join pg_roles r on r.oid = role
               where p.polrelid = c.oid and p.polpermissive and p.polcmd in ('r', '*') and p.polname <> 'nexus_tenant'
                 and (role = 0 or r.rolname = any($2::text[])))) as open
       from pg_class c where c.relkind in ('r', 'p', 'f') and c.oid in (select oid from above union select oid from below)
      order by 2`,
    [names, tenants],
  );
  return rows;
}

/** Views, and tables with rules other than those of views. A foreign table may lead back to this database. */
export async function relationsWithRules(
  db: Queryable,
  tables: readonly Guarded[],
): Promise<Relation[]> {
  const copied = tables.filter(({ schema }) => schema === "public");
  const { rows } = await db.query<Relation>(
    `select c.oid::bigint as oid, c.oid::regclass::text as name, c.relname::text as word,
            case c.relkind when 'v' then 'view' when 'm' then 'materialized view' else 'table with a rule' end as kind,
            c.relkind = 'v' and coalesce((select bool_or(option_value::boolean) from pg_options_to_table(c.reloptions)
              where option_name = 'security_invoker'), false) as invoker,
            c.relowner::bigint as owner,
            array(select distinct d.refobjid::bigint from pg_rewrite r join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
                   where r.ev_class = c.oid and r.ev_enabled <> 'D' and d.refclassid in ('pg_class'::regclass, 'pg_proc'::regclass)
                     and d.refobjid <> c.oid) as needs
       from pg_class c where c.oid >= 16384 and exists (select from pg_rewrite r where r.ev_class = c.oid)
        and not pg_is_other_temp_schema(c.relnamespace)
      union all
     select c.oid::bigint, c.oid::regclass::text, c.relname::text, 'foreign table', false, c.relowner::bigint, array[t.oid]
       from pg_foreign_table f join pg_class c on c.oid = f.ftrelid join pg_foreign_server s on s.oid = f.ftserver
       join unnest($1::bigint[], $2::text[]) t (oid, word) on t.word = coalesce(
            (select option_value from pg_options_to_table(f.ftoptions) where option_name = 'table_name'), c.relname)
      where coalesce((select option_value from pg_options_to_table(s.srvoptions) where option_name = 'dbname'), current_database()) = current_database()
      order by 2`,
    [copied.map(({ oid }) => oid), copied.map(({ word }) => word)],
  );
  return rows;
}

/** Those that did not come with an extension or with PostgreSQL; `my_practices` is compared with ours elsewhere. `audience`: who must not see more. */
export async function routines(db: Queryable, audience: readonly string[]): Promise<Routine[]> {
  const { rows } = await db.query<Routine>(
    `select p.oid::bigint as oid, p.oid::regprocedure::text as name, p.proname::text as word, p.prosecdef as definer,
            p.proowner::bigint as owner, l.lanname::text as language, case when p.prosqlbody is null then p.prosrc end as body,
            coalesce((select string_agg(setting, ' ') from unnest(p.proconfig) setting where setting like 'search_path=%'), '') as path,
            exists (select from ${rolesOf("$1")} roles where has_function_privilege(roles.id, p.oid, 'execute')) as callable,
            array(select distinct d.refobjid::bigint from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid
                     and d.refclassid in ('pg_class'::regclass, 'pg_proc'::regclass)) as needs,
            array(select distinct t.tgrelid::bigint from pg_trigger t where t.tgfoid = p.oid and not t.tgisinternal and t.tgenabled <> 'D') as fires,
            case when p.prorettype in ('trigger'::regtype, 'event_trigger'::regtype) then 'trigger function' else 'function' end as kind
       from pg_proc p join pg_language l on l.oid = p.prolang
      where p.oid >= 16384 and p.prokind in ('f', 'p', 'w')
        and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
        and p.oid is distinct from to_regprocedure('migration.my_practices()')
      order by 2`,
    [audience],
  );
  return rows;
}

/** For each role of `owners` the guarded tables of which it reads rows that a tenant does not see. */
export async function sightOf(
  db: Queryable,
  owners: readonly number[],
  tables: readonly Guarded[],
): Promise<ReadonlyMap<number, ReadonlySet<number>>> {
  const { rows } = await db.query<{ owner: number; table: number }>(
    `select r.oid::bigint as owner, c.oid::bigint as table
       from pg_roles r, pg_class c
      where r.oid::bigint = any($1::bigint[]) and c.oid::bigint = any($2::bigint[])
        and has_any_column_privilege(r.oid, c.oid, 'select, insert, update')
        and (r.rolsuper or r.rolbypassrls or not c.relrowsecurity
          or (not c.relforcerowsecurity and pg_has_role(r.oid, c.relowner, 'usage'))
          or exists (select from pg_policy p, unnest(p.polroles) role
                      where p.polrelid = c.oid and p.polpermissive and p.polname <> 'nexus_tenant'
                        and case role when 0 then true else pg_has_role(r.oid, role, 'usage') end))`,
    [owners, tables.map(({ oid }) => oid)],
  );
  const sight = new Map<number, Set<number>>();
  for (const { owner, table } of rows) sight.set(owner, (sight.get(owner) ?? new Set()).add(table));
  return sight;
}
