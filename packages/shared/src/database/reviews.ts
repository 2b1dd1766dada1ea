/** What a person has looked at and found to be right: kept in the ledger's settings, until the object changes. */
import type { Queryable } from "./pool.ts";

export interface Reviewable {
  readonly oid: number;
  readonly kind: string;
  /** With its schema. */
  readonly name: string;
}

export interface Review {
  readonly reviewed: boolean;
  /** The statement that records a review of the object as it is now. */
  readonly sql: string;
}

/** For each object: whether it is reviewed as it is now, definition, owner and options included. */
export async function reviewsOf(
  db: Queryable,
  objects: readonly Reviewable[],
): Promise<ReadonlyMap<number, Review>> {
  if (objects.length === 0 || !(await mayRead(db))) return new Map();
  const { rows } = await db.query<Review & { oid: number }>(
    `with objects as (
       select oid, title, md5(concat_ws(' ',
           (select concat_ws(' ', pg_get_functiondef(p.oid), p.proowner::regrole) from pg_proc p where p.oid::bigint = o.oid),
           (select concat_ws(' ', c.relowner::regrole, c.reloptions::text) from pg_class c where c.oid::bigint = o.oid),
           (select string_agg(pg_get_ruledef(r.oid), ' ' order by r.rulename) from pg_rewrite r where r.ev_class::bigint = o.oid),
           (select string_agg(concat_ws(' ', a.attname, a.atttypid::regtype), ' ' order by a.attnum) from pg_attribute a
             where o.title like 'likely copy %' and a.attrelid::bigint = o.oid and a.attnum > 0 and not a.attisdropped))) as mark
         from unnest($1::bigint[], $2::text[]) o (oid, title))
     select o.oid, exists (select from migration.settings s where s.name = 'reviewed ' || o.title and s.value = o.mark) as reviewed,
            format('insert into migration.settings values (%L, %L) on conflict (name) do update set value = excluded.value',
                   'reviewed ' || o.title, o.mark) as sql
       from objects o`,
    [objects.map(({ oid }) => oid), objects.map(({ kind, name }) => `${kind} ${name}`)],
  );
  return new Map(rows.map(({ oid, ...review }) => [oid, review]));
}

/** A role that does not own the ledger is told so elsewhere. */
async function mayRead(db: Queryable): Promise<boolean> {
  const { rowCount } = await db.query(
    "select where has_table_privilege('migration.settings', 'select')",
  );
  return rowCount === 1;
}
