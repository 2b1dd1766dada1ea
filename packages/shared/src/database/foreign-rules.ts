/** What others have put on the target's tables: it may reject or change rows that we write. Names only: a definition may hold values. */
import type { Entity } from "@nexus/catalog";
import type { Queryable } from "./pool.ts";
import { embeddingsTable, targetTables, type WantedTable } from "./target-schema.ts";

interface Rule {
  readonly kind: string;
  readonly name: string;
  /** Of a key: its columns in alphabetical order, `,` between them, and the table of schema public that it refers to. */
  readonly columns: string | null;
  readonly refersTo: string | null;
  readonly effect: string;
}

/** A sentence for each rule that is not ours. In a transaction with an empty search path. */
export async function foreignRules(tx: Queryable, entities: readonly Entity[]): Promise<string[]> {
  const said: string[] = [];
  for (const table of [...targetTables(entities), embeddingsTable("", entities)])
    for (const { kind, name, effect } of await strangersOn(tx, table))
      said.push(`public.${table.name}: ${kind} ${name} ${effect}`);
  const { rows } = await tx.query<Pick<Rule, "name">>(AT_SIGN_UP);
  return [...said, ...rows.map(({ name }) => `auth.users: trigger ${name} ${SIGN_UP}`)];
}

const SIGN_UP =
  "runs for each new account: what it writes to public.profiles is not of the source, and where a profile is there already it may keep its account from being made";

/** Triggers that run when Supabase Auth creates a user: nearly always to give him a profile. */
const AT_SIGN_UP = `
  select quote_ident(t.tgname) as name
    from pg_trigger t join pg_class u on u.oid = t.tgrelid join pg_namespace s on s.oid = u.relnamespace
   where s.nspname = 'auth' and u.relname = 'users' and not t.tgisinternal and t.tgenabled <> 'D' and t.tgtype & 4 = 4
   order by t.tgname`;

async function strangersOn(tx: Queryable, table: WantedTable): Promise<Rule[]> {
  const nullable = table.columns.filter(({ required, filled }) => !required && filled !== true);
  const { rows } = await tx.query<Rule>(RULES, [
    `public.${table.name}`,
    table.columns.map(({ name }) => name),
    nullable.map(({ name }) => name),
  ]);
  return rows.filter((rule) => !isOurs(rule, table));
}

/** Keys that a migration makes, whatever they are called. */
function isOurs({ kind, columns, refersTo }: Rule, { uniques, foreignKeys }: WantedTable): boolean {
  if (kind === "unique" || kind === "primary key")
    return uniques.some((unique) => unique.toSorted().join(",") === columns);
  return (
    kind === "foreign key" &&
    foreignKeys.some(({ column, table }) => column === columns && table === refersTo)
  );
}

/**
 * SQL: a row `t` of pg_trigger is somebody else's. Ours call functions of schema migration, and leave the rows that we write as they
 * are; those of constraints are neither.
 */
export const FOREIGN_TRIGGER = `not t.tgisinternal and not exists (
  select from pg_proc f where f.oid = t.tgfoid and f.pronamespace = to_regnamespace('migration'))`;

/** By its names: of a schema that our role may not use, `to_regclass` would fail. */
const AUTH_USERS = `select from pg_class u join pg_namespace s on s.oid = u.relnamespace
             where u.oid = k.confrelid and s.nspname = 'auth' and u.relname = 'users'`;

/** Whether each profile refers to a user of Supabase Auth: then it cannot be there without one, and goes with him. */
export async function profilesNeedUsers(db: Queryable): Promise<boolean> {
  const found = await db.query(
    `select from pg_constraint k where k.conrelid = to_regclass('public.profiles') and k.contype = 'f' and exists (${AUTH_USERS})`,
  );
  return found.rowCount !== 0;
}

/** SQL: a digest of what of a table (`oid`: an expression of SQL) may change what is stored: its types, and the triggers of others with the text of their functions. */
export function rulesOf(oid: string): string {
  return `(select hashtextextended(concat(
    (select string_agg(concat(format_type(a.atttypid, a.atttypmod), a.attgenerated), ' ' order by a.attnum)
       from pg_attribute a where a.attrelid = ${oid} and a.attnum > 0 and not a.attisdropped),
    (select string_agg(concat(pg_get_triggerdef(t.oid), t.tgenabled, p.prosrc), ' ' order by t.tgname)
       from pg_trigger t join pg_proc p on p.oid = t.tgfoid
       where t.tgrelid = ${oid} and ${FOREIGN_TRIGGER})), 0))`;
}

/** Parameters: the table, our columns, and those of them that may be empty. */
const RULES = `
  select kinds.kind, quote_ident(k.conname) as name,
         (select string_agg(a.attname, ',' order by a.attname) from pg_attribute a
           where a.attrelid = k.conrelid and a.attnum = any(k.conkey)) as columns,
         (select f.relname::text from pg_class f where f.oid = k.confrelid and f.relnamespace = 'public'::regnamespace) as "refersTo",
         case when exists (${AUTH_USERS}) then 'rejects each row without an account of Supabase Auth: take it off for the load, and put it back when each has one'
           else 'may reject rows' end as effect
    from pg_constraint k
    join (values ('c', 'check'), ('x', 'exclusion'), ('u', 'unique'), ('p', 'primary key'), ('f', 'foreign key')) kinds (type, kind)
      on kinds.type = k.contype::text
   where k.conrelid = to_regclass($1)
  union all
  select 'unique index', quote_ident(c.relname), null, null, 'may reject rows'
    from pg_index i join pg_class c on c.oid = i.indexrelid
   where i.indrelid = to_regclass($1) and i.indisunique and (i.indpred is not null or i.indexprs is not null)
  union all
  select 'trigger', quote_ident(t.tgname), null, null,
         case when t.tgtype & 2 = 2 then 'may change or reject rows before they are written' else 'may reject rows, and do more' end
    from pg_trigger t
   where t.tgrelid = to_regclass($1) and t.tgenabled <> 'D' and ${FOREIGN_TRIGGER}
  union all
  select 'rule', quote_ident(r.rulename), null, null, 'may change what is written, or keep it from being written at all'
    from pg_rewrite r where r.ev_class = to_regclass($1) and r.ev_type in ('2', '3', '4') and r.ev_enabled <> 'D'
  union all
  select 'generated column', quote_ident(a.attname), null, null,
         case when a.attname = any($2::text[]) then 'rejects all rows: it takes no value of ours' else 'may reject rows' end
    from pg_attribute a
   where a.attrelid = to_regclass($1) and a.attnum > 0 and not a.attisdropped
     and (a.attgenerated <> '' or (a.attidentity = 'a' and a.attname = any($2::text[])))
  union all
  select 'not null of', quote_ident(a.attname), null, null, 'rejects rows that have nothing there'
    from pg_attribute a
   where a.attrelid = to_regclass($1) and a.attnotnull and a.attname = any($3::text[])
   order by 1, 2`;
