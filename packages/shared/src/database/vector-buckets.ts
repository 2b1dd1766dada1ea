/**
 * The vectors are indexed in buckets, each with the practices of one hash: a search reads on past the vectors of a sixteenth of all
 * practices, not of all. Whoever builds, searches or watches the indexes asks here. Why: docs/decisions/vector-index.md
 */

/** A power of two. More make searches faster; a build reads the table twice for each. */
const BUCKETS = 16;

/** SQL: the bucket of a practice. An index and a query meet only where both say it in the same words. */
export function bucketOf(practiceId: string): string {
  return `(uuid_hash(${practiceId}) & ${BUCKETS - 1})`;
}

/** SQL: the rows of one bucket. Content that belongs to no practice is in none: it is little, and compared one by one. */
export function inBucket(bucket: number): string {
  return `${bucketOf("practice_id")} = ${bucket}`;
}

/** The name of a bucket's index, without its schema, which is public. */
export function bucketIndex(bucket: number): string {
  return `${BUCKET_INDEX}${bucket}`;
}

/** What the names of all of them begin with. */
export const BUCKET_INDEX = "ai_embeddings_hnsw_";

export const buckets: readonly number[] = Array.from({ length: BUCKETS }, (_, bucket) => bucket);

/** Whoever holds it builds or drops indexes. A session lock, on a connection of its own. */
export const INDEX_LOCK = 7_014_110_804;

/**
 * SQL of one row: `valid` is false where an interruption left an index unfinished and true where all are there, else null;
 * `percent`: how much is indexed, roughly, while somebody who holds the lock is at it, else null.
 */
export const INDEX_STATE = `
  select case when not bool_and(i.indisvalid) then false when count(i.indexrelid) = ${BUCKETS} then true end as valid,
    case when bool_or(l.held) and count(*) filter (where i.indisvalid) < ${BUCKETS} then round((100 * count(*) filter (where i.indisvalid) + coalesce(max(p.percent), 0)) / ${BUCKETS})::integer end as percent
  from (select exists (
      select from pg_locks where locktype = 'advisory' and granted
        and (classid::bigint << 32 | objid::bigint) = ${INDEX_LOCK}
        and database = (select oid from pg_database where datname = current_database())) as held) l
  left join pg_index i on i.indrelid = to_regclass('public.ai_embeddings')
    and i.indexrelid in (select oid from pg_class where starts_with(relname, '${BUCKET_INDEX}'))
  left join (select index_relid, 100.0 * coalesce(blocks_done, 0) / greatest(1, blocks_total) as percent
    from pg_stat_progress_create_index where relid = to_regclass('public.ai_embeddings')) p on p.index_relid = i.indexrelid`;
