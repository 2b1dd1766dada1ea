/** Keys of both sides, listed where their sums differ: the target's go to the source as they are, and it answers with the differences. */
import type { Entity } from "@nexus/catalog";
import type { Queryable } from "../database/pool.ts";

/** Digits as text beyond 2^53. */
export type Key = number | string;

/** Keys (after, to]. `to` null: the range has no end. */
export interface Range {
  readonly after: Key;
  readonly to: Key | null;
}

/** Of each side, so many keys are held at once. */
export const LISTED = 20_000;

/** The first `size` keys of a range. */
export function firstKeys(table: string, key: string, size: number): string {
  return `select ${key}::bigint as k from ${table} where ${within(key)} order by ${key} limit ${size}`;
}

/** The condition that a key is in the range `$1` to `$2`. */
export function within(key: string): string {
  return `${key} > $1::bigint and ($2::bigint is null or ${key} <= $2)`;
}

/** Keys of the target as PostgreSQL writes arrays. `last`: the last of them, where there may be more behind it. */
export interface Listed {
  readonly keys: string;
  readonly last: Key | null;
}

export async function listKeys(
  db: Queryable,
  { table, key }: Entity["target"],
  { after, to }: Range,
): Promise<Listed> {
  const found = await db.query<Listed>(
    `select coalesce(array_agg(k), '{}')::text as keys, case when count(*) = ${LISTED} then max(k) end as last
     from (${firstKeys(`public.${table}`, key, LISTED)}) k`,
    [after, to],
  );
  return found.rows[0] ?? { keys: "{}", last: null };
}

/** Keys up to `to` that only one side holds; null: up to the end of the range. */
export interface Differences {
  readonly to: Key | null;
  readonly absent: readonly Key[];
  readonly surplus: readonly Key[];
}

/** SQL for the source. `theirs`: its first keys; of those of the target (`$3`) it tells only how far they go (`$4`). */
export function differences(theirs: string): string {
  return `with ours as (select k from unnest($3::bigint[]) k),
      theirs as (${theirs}),
      bound as (
        select least($4::bigint, (select case when count(*) = ${LISTED} then max(k) end from theirs)) as "to")
    select "to",
      array(select distinct k from theirs t where ("to" is null or k <= "to") and not exists (select from ours o where o.k = t.k) order by 1) as absent,
      array(select distinct k from ours o where ("to" is null or k <= "to") and not exists (select from theirs t where t.k = o.k) order by 1) as surplus
    from bound`;
}
