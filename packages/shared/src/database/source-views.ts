/** Views of the source: what stands behind them may be kept from us, though they themselves are granted. PostgreSQL 9.5 syntax. */
import type { Queryable } from "./pool.ts";
import { FOUND_BY_NAME } from "./source-tables.ts";
import { isOfPrivilege, refusalOf } from "./tried.ts";

/**
 * Says of each of the tables that is a view and cannot be read what is to be granted. Each is asked for no row: so the server looks
 * at the privileges of all that the view is made of. Tables are not asked: the catalog knows their privileges, and no lock is waited for.
 */
export async function unreadableViews(tx: Queryable, tables: readonly string[]): Promise<string[]> {
  const problems: string[] = [];
  for (const { name, foreign } of await viewsOf(tx, tables))
    if (await isKept(tx, name))
      problems.push(foreign ? foreignInWords(name) : inWords(name, await neededGrants(tx, name)));
  return problems;
}

interface View {
  readonly name: string;
  readonly foreign: boolean;
}

/** Foreign tables too: their server may refuse. */
async function viewsOf(tx: Queryable, tables: readonly string[]): Promise<View[]> {
  const { rows } = await tx.query<View>(
    `select c.relname::text as name, c.relkind = 'f' as foreign
       from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where ${FOUND_BY_NAME} and c.relname = any($1::text[]) and c.relkind in ('v', 'f')
      order by 1`,
    [tables],
  );
  return rows;
}

/** With `row_security` on: what is refused nevertheless is refused for want of a privilege. */
async function isKept(tx: Queryable, view: string): Promise<boolean> {
  const error = await refusalOf(tx, `set local row_security = on; select * from ${view} limit 0`);
  return isOfPrivilege(error);
}

/**
 * What stands behind a view is read with the privileges of its owner (from PostgreSQL 15 on perhaps with ours), and its functions are
 * executed with ours.
 */
async function neededGrants(tx: Queryable, view: string): Promise<string[]> {
  const { rows } = await tx.query<{ needed: string }>(
    `with recursive seen (view, reader) as (
       select c.oid, ${READER} from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where ${FOUND_BY_NAME} and c.relname = $1 and c.relkind = 'v'
       union
       select c.oid, ${READER} from seen s
         join pg_catalog.pg_rewrite r on r.ev_class = s.view
         join pg_catalog.pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid and d.refclassid = 'pg_class'::regclass
         join pg_catalog.pg_class c on c.oid = d.refobjid
        where c.relkind = 'v'),
     uses as (
       select s.reader, d.refclassid, d.refobjid, d.refobjsubid from seen s
         join pg_catalog.pg_rewrite r on r.ev_class = s.view
         join pg_catalog.pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid and d.refobjid <> s.view)
     select format('grant select on %I.%I to %I', n.nspname, c.relname, pg_get_userbyid(u.reader)) as needed
       from uses u join pg_catalog.pg_class c on c.oid = u.refobjid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where u.refclassid = 'pg_class'::regclass
        and not case when u.refobjsubid > 0 then has_column_privilege(u.reader, c.oid, u.refobjsubid::smallint, 'select')
                     else has_any_column_privilege(u.reader, c.oid, 'select') end
     union
     select format('grant execute on function %s to %I', u.refobjid::regprocedure, current_user)
       from uses u
      where u.refclassid = 'pg_proc'::regclass and not has_function_privilege(u.refobjid, 'execute')
     order by 1`,
    [view],
  );
  return rows.map(({ needed }) => needed);
}

/** The role with whose privileges the view `c` reads. */
const READER = `case when array_to_string(c.reloptions, ',') ~ 'security_invoker=(true|on|yes|1)'
                     then (select oid from pg_catalog.pg_roles where rolname = current_user) else c.relowner end`;

function inWords(view: string, grants: readonly string[]): string {
  const next =
    grants.length === 0
      ? "grant what it reads and executes to its owner and to us"
      : grants.map((grant) => `run "${grant}"`).join(", ");
  return `${view} is a view, and what stands behind it is kept from us: ${next}`;
}

function foreignInWords(table: string): string {
  return `${table} is a foreign table, and where it lies it is kept from us: let its server give it to the user of our user mapping`;
}
