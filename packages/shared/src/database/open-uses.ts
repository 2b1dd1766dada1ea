/** Who may use an object that opens tables: privileges, asked of PostgreSQL, which follows memberships and everybody's. */
import { rolesOf } from "./audience.ts";
import type { Opening } from "./opening-words.ts";
import type { Queryable } from "./pool.ts";

/** For each object its users among `roles`: who may call a function, name a relation, read a copy, or write one that has it run as a trigger. */
export async function usersOf(
  db: Queryable,
  objects: readonly Opening[],
  roles: readonly string[],
): Promise<ReadonlyMap<number, readonly string[]>> {
  const used = objects.filter(({ kind }) => kind !== "trigger function").map(({ oid }) => oid);
  const copies = objects.filter(({ kind }) => kind === "likely copy").map(({ oid }) => oid);
  const fired = objects.flatMap(({ oid, fires }) => fires.map((relation) => ({ oid, relation })));
  const { rows } = await db.query<{ oid: number; role: string }>(
    `with objects as (
       select oid, oid as asked, relnamespace as schema, case when oid::bigint = any($5::bigint[]) then 'copy' else 'relation' end as kind from pg_class where oid::bigint = any($1::bigint[])
        union all select oid, oid, pronamespace, 'function' from pg_proc where oid::bigint = any($1::bigint[])
        union all select fired.oid, c.oid, c.relnamespace, 'written' from unnest($2::bigint[], $3::bigint[]) fired (oid, relation)
                    join pg_class c on c.oid = fired.relation)
     select distinct o.oid::bigint as oid, roles.role
       from objects o, ${rolesOf("$4")} roles
      where has_schema_privilege(roles.id, o.schema, 'usage')
        and case o.kind when 'function' then has_function_privilege(roles.id, o.asked, 'execute')
                        when 'copy' then has_any_column_privilege(roles.id, o.asked, 'select')
                        when 'relation' then has_any_column_privilege(roles.id, o.asked, 'select, insert, update') or has_table_privilege(roles.id, o.asked, 'delete')
                        else has_any_column_privilege(roles.id, o.asked, 'insert, update') or has_table_privilege(roles.id, o.asked, 'delete') end
      order by 2`,
    [used, fired.map(({ oid }) => oid), fired.map(({ relation }) => relation), roles, copies],
  );
  const users = new Map<number, string[]>();
  for (const { oid, role } of rows) users.set(oid, [...(users.get(oid) ?? []), role]);
  return users;
}

/** Tenants' roles that row level security does not bind, by themselves or as whom they may become: what to run for each. */
export async function unboundTenants(
  db: Queryable,
  readers: readonly string[],
  tables: readonly string[],
): Promise<string[]> {
  const { rows } = await db.query<{ reader: string; acts: string; itself: boolean }>(
    `select quote_ident(t.rolname) as reader, quote_ident(r.rolname) as acts, t.oid = r.oid as itself
       from pg_roles t join pg_roles r on pg_has_role(t.oid, r.oid, 'member')
      where t.rolname = any($1::text[]) and (t.oid = r.oid or not t.rolsuper)
        and (r.rolsuper or r.rolbypassrls or r.oid in (select c.relowner from unnest($2::text[]) name join pg_class c on c.oid = to_regclass('public.' || quote_ident(name))))
      order by 1, 2`,
    [readers, tables],
  );
  return rows.map(({ reader, acts, itself }) =>
    itself
      ? `role ${reader} sees the rows of all practices: have a superuser run "alter role ${reader} nosuperuser nobypassrls"`
      : `role ${reader} may become ${acts}, who sees the rows of all practices: run "revoke ${acts} from ${reader}"`,
  );
}
