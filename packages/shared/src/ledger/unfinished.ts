/**
 * What failed and was not dealt with since: found by the rows that have no outcome, whatever runs came after. A row lacks one
 * when the newest batch that was to bring it failed, or was cancelled after it had been begun.
 */
import type { Queryable } from "../database/pool.ts";

/** A batch that failed, or whose run was cancelled when it had failed or was to be done again. What nobody tried is left to the next run. */
const LEFT = `(b.status = 'failed' or (b.status = 'cancelled' and (b.error_code is not null or b.generation > 1)))`;

/** The keys of batch `b`, as a multirange of numbers. int8's greatest value has no next, so these are not ranges of int8. */
export const SPAN = `case when b.keys is null then nummultirange(numrange(b.after_key, b.to_key, '(]'))
  else (select range_agg(numrange(k, k, '[]')) from unnest(b.keys) k) end`;

/**
 * Per entity and run the keys that were left, and those that were done; then of each batch that was left what no later run left
 * again or is about to do ($2: the active run), unless later runs did all of it. Behind the last key that a run planned the source
 * held nothing.
 */
const UNFINISHED = `
  with
  -- The batches that were left or done since the first one that was left.
  spans as (
    select b.entity, b.run_id, b.id, b.keys, b.expected, ${LEFT} as is_left,
      ${SPAN} as span
    from migration.batches b
    where ($1::text is null or b.entity = $1) and (${LEFT} or b.status = 'done' or b.run_id = $2::integer)
      and b.run_id >= (select min(b.run_id) from migration.batches b where ($1::text is null or b.entity = $1) and ${LEFT})),
  -- What each run took on, and what it did; all behind its last key is done.
  runs as (
    select entity, run_id, range_agg(span) filter (where is_left or run_id = $2::integer) as taken,
      range_agg(span) filter (where not is_left and run_id is distinct from $2::integer) as done
    from spans group by entity, run_id
    union all
    select entity, run_id, null, nummultirange(numrange(cursor_key, null, '()'))
    from migration.run_entities
    where status in ('planned', 'loading', 'settling', 'complete', 'blocked')
      and (cursor_key > -9223372036854775808 or batches = 0)),
  -- What is left of a batch when later runs have taken their part.
  pieces as (
    select s.entity, s.id, s.keys, s.expected, lower(piece) as low, upper(piece) as high,
      lower_inc(piece) as has_low, upper_inc(piece) as has_high, piece
    from spans s
    cross join lateral (
      select coalesce(range_agg(taken), '{}') as taken, coalesce(range_agg(done), '{}') as done
      from runs r where r.entity = s.entity and r.run_id > s.run_id) later
    cross join lateral unnest(s.span - later.taken) as piece
    where s.is_left and s.run_id is distinct from $2::integer and not later.done @> piece),
  -- The pieces as batches: a range each, or one batch of single keys.
  unfinished as (
    select entity, id, null::integer[] as keys, (low - has_low::integer)::bigint as after_key,
      (high - 1 + has_high::integer)::bigint as to_key, expected
    from pieces where keys is null
    union all
    select entity, id, array_agg(low::integer order by low), null, null, count(*) from pieces where keys is not null group by entity, id)`;

/** Adds batches to a run that do what earlier runs left, of rows that it does not do already. Returns how many. */
export async function addUnfinished(tx: Queryable, runId: number, entity: string): Promise<number> {
  const added = await tx.query(
    `${UNFINISHED}
     insert into migration.batches (run_id, entity, seq, after_key, to_key, keys, expected)
     select $2::integer, entity, (select coalesce(max(seq), 0) from migration.batches where run_id = $2::integer and entity = $1)
         + row_number() over (order by id, after_key), after_key, to_key, keys, expected
     from unfinished where keys is not null or to_key > after_key`,
    [entity, runId],
  );
  return added.rowCount ?? 0;
}

/** How much of an entity is left. */
export interface Unfinished {
  readonly entity: string;
  readonly batches: number;
  /** Rows that the source held there when it was planned. */
  readonly rows: number;
}

/** What failed of each entity before the active run, if there is one, and is not dealt with by it either. */
export async function unfinishedEntities(
  db: Queryable,
  activeRunId: number | null,
): Promise<Unfinished[]> {
  const found = await db.query<Unfinished>(
    `${UNFINISHED}
     select entity, count(*) as batches, sum(expected)::bigint as rows
     from unfinished u where (keys is not null or to_key > after_key) and not exists (
       select from migration.run_entities e
       where e.run_id = $2::integer and e.entity = u.entity and e.status in ('waiting', 'planning'))
     group by entity order by entity`,
    [null, activeRunId],
  );
  return found.rows;
}
