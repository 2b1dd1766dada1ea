/** Brings what is known of an entity's source rows up to date, before the entity is planned: nothing of it is in flight then. */
import { type Queryable, together } from "@nexus/shared/database";
import { SPAN } from "@nexus/shared/ledger";

interface Of {
  readonly name: string;
  readonly target: { readonly table: string };
}

/**
 * What batches have read since is merged into what is known: newer ranges replace older ones, keys are exchanged one by one. Forgotten is
 * what a batch failed to read again or read without keeping what it was, what was found gone, and everything once the target's table is another one. Call it with the entity's
 * row locked.
 */
export async function mergeFingerprints(
  tx: Queryable,
  runId: number,
  { name, target: { table } }: Of,
): Promise<void> {
  const last = await beginMerging(tx, runId, name, table);
  const [, , unmerged] = await together([
    forgetUnfinished(tx, name),
    last !== undefined && forgetUnkept(tx, name, last),
    unmergedRuns(tx, name),
  ]);
  for (const run of unmerged) {
    await replaceRanges(tx, name, run);
    await exchangeKeys(tx, READ_BY_KEYS, [name, run]);
    await tx.query(
      `delete from migration.fingerprints where entity = $1 and run_id = $2 and after_key is null`,
      [name, run],
    );
  }
  if (last !== undefined) await exchangeKeys(tx, GONE, [name, last]);
}

/** Returns the run that merged last. */
async function beginMerging(
  tx: Queryable,
  runId: number,
  entity: string,
  table: string,
): Promise<number | undefined> {
  const file = `coalesce(pg_relation_filenode('public.${table}'::regclass), 0)::bigint`;
  const before = tx.query<{ last: number; isOther: boolean }>(
    `select run_id as last, file <> ${file} as "isOther" from migration.fingerprinted where entity = $1`,
    [entity],
  );
  const now = tx.query(
    `insert into migration.fingerprinted (entity, run_id, file) values ($1, $2, ${file})
     on conflict (entity) do update set run_id = excluded.run_id, file = excluded.file`,
    [entity, runId],
  );
  const [found] = await together([before, now]);
  const [row] = found.rows;
  if (row?.isOther === true)
    await tx.query(`delete from migration.fingerprints where entity = $1`, [entity]);
  return row?.last;
}

/** What a batch was to read once more and did not is to be read, whatever was known of it. */
async function forgetUnfinished(tx: Queryable, entity: string): Promise<void> {
  const unread = tx.query(
    `delete from migration.fingerprints f using migration.batches b
     where f.entity = $1 and not f.merged and b.id = f.batch_id and b.status <> 'done'`,
    [entity],
  );
  const unfinished = tx.query(
    `with unfinished as (
       select run_id, after_key, to_key, null::integer as key from migration.batches
       where entity = $1 and keys is null
         and (status = 'failed' or (status = 'cancelled' and (error_code is not null or generation > 1)))
       union all
       select b.run_id, k.key::bigint - 1, k.key, k.key from migration.batches b, unnest(b.keys) k (key)
       where b.entity = $1 and b.keys is not null
         and (b.status = 'failed' or (b.status = 'cancelled' and (b.error_code is not null or b.generation > 1))))
     delete from migration.fingerprints f using unfinished u
     where f.entity = $1 and f.run_id < u.run_id and f.after_key < u.to_key and f.to_key > u.after_key`,
    [entity],
  );
  await together([unread, unfinished]);
}

/**
 * Rows may have become something else in a batch that kept no fingerprints, because its run was not to or its loader does not know them: what
 * was known of them before does not hold. `last`: the run that merged last; what came before it is merged.
 */
async function forgetUnkept(tx: Queryable, entity: string, last: number): Promise<void> {
  await tx.query(
    `with unkept as materialized (
       select b.run_id, range_agg(${SPAN}) as span from migration.batches b
       where b.entity = $1 and b.run_id >= $2 and b.status = 'done'
         and not exists (select from migration.fingerprints k where k.batch_id = b.id)
       group by b.run_id)
     delete from migration.fingerprints f using unkept u
     where f.entity = $1 and f.run_id < u.run_id and f.after_key is not null and numrange(f.after_key, f.to_key, '(]') && u.span`,
    [entity, last],
  );
}

async function unmergedRuns(tx: Queryable, entity: string): Promise<number[]> {
  const found = await tx.query<{ run: number }>(
    `select distinct run_id as run from migration.fingerprints where entity = $1 and not merged order by 1`,
    [entity],
  );
  return found.rows.map(({ run }) => run);
}

/** Adjacent ranges make one span, so that this is no comparison of each with each. */
async function replaceRanges(tx: Queryable, entity: string, run: number): Promise<void> {
  await tx.query(
    `with span as materialized (
       select range_agg(numrange(after_key, to_key, '(]')) as span from migration.fingerprints
       where entity = $1 and run_id = $2 and after_key is not null)
     delete from migration.fingerprints f using span s
     where f.entity = $1 and f.run_id < $2 and f.after_key is not null and numrange(f.after_key, f.to_key, '(]') && s.span`,
    [entity, run],
  );
  await tx.query(
    `update migration.fingerprints set merged = true where entity = $1 and run_id = $2 and after_key is not null`,
    [entity, run],
  );
}

/** `(version, key, hash)` of the keys that batches of a run have read one by one; without a hash: the source did not have them, or they say nothing. */
const READ_BY_KEYS = `
  select f.version, k.key::bigint as key, k.hash from migration.fingerprints f
  join migration.batches b on b.id = f.batch_id
  cross join lateral (
    select k.key, u.hash from unnest(b.keys) k (key) left join unnest(f.keys, f.hashes) u (key, hash) on u.key = k.key) k
  where f.entity = $1 and f.run_id = $2 and f.after_key is null`;

/** The same of rows that were found gone since: if they come back as they were, they are new. */
const GONE = `
  select null::text as version, legacy_id as key, null::bigint as hash from migration.gone_rows
  where entity = $1 and found_run >= $2`;

/** Exchanges single keys in the ranges that hold them. What was read under other circumstances is forgotten. */
async function exchangeKeys(
  tx: Queryable,
  changes: string,
  values: readonly unknown[],
): Promise<void> {
  await tx.query(
    `with changed as (${changes}),
     placed as (
       select r.batch_id, array_agg(c.key) as keys,
         array_agg(c.key) filter (where c.hash is not null and c.version = r.version) as new_keys,
         array_agg(c.hash) filter (where c.hash is not null and c.version = r.version) as new_hashes
       from changed c cross join lateral (
         select batch_id, to_key, version from migration.fingerprints o
         where o.entity = $1 and o.after_key < c.key and o.merged order by o.after_key desc limit 1) r
       where c.key <= r.to_key group by r.batch_id),
     rebuilt as (
       select o.batch_id, x.* from placed p join migration.fingerprints o using (batch_id)
       cross join lateral (
         select coalesce(array_agg(key), '{}') as keys, coalesce(array_agg(hash), '{}') as hashes, coalesce(sum(hash), 0) as sum
         from (
           select key, hash from unnest(o.keys, o.hashes) u (key, hash) where key <> all(p.keys)
           union all
           select key, hash from unnest(p.new_keys, p.new_hashes) n (key, hash)
           order by key) rows) x
       -- Most keys that are gone were taken out with their batch.
       where p.new_keys is not null or o.keys && p.keys)
     update migration.fingerprints o set keys = r.keys, hashes = r.hashes, sum = r.sum
     from rebuilt r where r.batch_id = o.batch_id`,
    [...values],
  );
}
