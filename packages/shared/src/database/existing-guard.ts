/** What guards the rows of a table of the target now, read from pg_catalog. */
import type { Queryable } from "./pool.ts";

export interface Policy {
  readonly name: string;
  /** Quoted names in order, `, ` between them. */
  readonly roles: string;
  readonly command: "all" | "select" | "insert" | "update" | "delete";
  readonly permissive: boolean;
  readonly condition: string | null;
  readonly check: string | null;
  /** Lets a tenant read rows. */
  readonly opens: boolean;
  /** Keeps rows from the owner of the table. */
  readonly binds: boolean;
}

export interface Guard {
  /** Its role, quoted. */
  readonly owner: string;
  readonly enabled: boolean;
  readonly forced: boolean;
  /** Tenants or everybody may do more than read. */
  readonly open: boolean;
  /** All tenants may read. */
  readonly readable: boolean;
  readonly policies: readonly Policy[];
}

/** The guard of `table` (with its schema) against `readers`; undefined where there is no such table. */
export async function guardOf(
  db: Queryable,
  table: string,
  readers: readonly string[],
): Promise<Guard | undefined> {
  const { rows } = await db.query<Omit<Guard, "policies">>(
    `select quote_ident(pg_get_userbyid(c.relowner)) as owner, c.relrowsecurity as enabled, c.relforcerowsecurity as forced,
            exists (select from (select c.relacl as acl union all
                                 select attacl from pg_attribute where attrelid = c.oid and not attisdropped) lists,
                           aclexplode(lists.acl) entry left join pg_roles r on r.oid = entry.grantee
                     where entry.grantee = 0
                        or (r.rolname = any($2::text[]) and (entry.privilege_type <> 'SELECT' or entry.is_grantable))) as open,
            not exists (select from unnest($2::text[]) reader where not has_table_privilege(reader, c.oid, 'select')) as readable
       from pg_class c where c.oid = to_regclass($1)`,
    [table, readers],
  );
  const [found] = rows;
  return found && { ...found, policies: await policiesOf(db, table, readers) };
}

async function policiesOf(
  db: Queryable,
  table: string,
  readers: readonly string[],
): Promise<Policy[]> {
  const { rows } = await db.query<Policy>(
    `select p.polname::text as name, p.polpermissive as permissive,
            case p.polcmd when 'r' then 'select' when 'a' then 'insert' when 'w' then 'update' when 'd' then 'delete' else 'all' end as command,
            (select string_agg(case role when 0 then 'public' else quote_ident(pg_get_userbyid(role)) end, ', ' order by role)
               from unnest(p.polroles) role) as roles,
            pg_get_expr(p.polqual, p.polrelid) as condition, pg_get_expr(p.polwithcheck, p.polrelid) as check,
            p.polpermissive and p.polcmd in ('r', '*') and exists (
              select from unnest(p.polroles) role, unnest($2::text[]) reader
               where case role when 0 then true else pg_has_role(reader, role, 'usage') end) as opens,
            not p.polpermissive and exists (
              select from unnest(p.polroles) role
               where case role when 0 then true else pg_has_role(c.relowner, role, 'usage') end) as binds
       from pg_policy p join pg_class c on c.oid = p.polrelid
      where p.polrelid = to_regclass($1) order by p.polname`,
    [table, readers],
  );
  return rows;
}
