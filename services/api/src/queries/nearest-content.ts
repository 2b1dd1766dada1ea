/** The content of one practice that is nearest to a vector. Runs as a tenant: row level security has the last word on every row. */
import { entities } from "@nexus/catalog";
import {
  BUCKET_INDEX,
  bucketOf,
  type Client,
  inBucket,
  type Pool,
  sharedContent,
} from "@nexus/shared/database";

export interface Wanted {
  readonly practiceId: string;
  readonly vector: Float32Array;
  /** Only vectors of this model can be compared with `vector`. */
  readonly model: string;
  /** Undefined: all. */
  readonly types: readonly string[] | undefined;
  readonly limit: number;
}

export interface Found {
  readonly type: string;
  readonly id: string;
  readonly chunk: number;
  /** Inner product of normalised vectors, which is their cosine: 1 is the same direction. */
  readonly score: number;
}

/** Where to look. */
export interface Scan {
  /** The schema of extension vector. */
  readonly vectors: string;
  /** The bucket whose index is asked for some that are near. Undefined: every vector that may be meant is compared. */
  readonly bucket: number | undefined;
}

/**
 * Up to as many vectors are compared one by one, whatever the index holds: that takes 3 ms, and misses nothing.
 * Above, an index pays if it holds less than the square of the practice's vectors, by `READ_ON`. See docs/decisions/vector-index.md
 */
const EXACT_UP_TO = 1_000;

/** For 30 candidates of a practice with n vectors, an index of N is read on to 30 N / n, at 27 µs each; comparing costs 2.5 µs a vector. */
const READ_ON = (30 * 27) / 2.5;

/** As the worker, not as a tenant: row security would have it read the rows where the index of `practice_id` is enough. */
export async function scanFor(
  worker: Pool,
  { practiceId, types }: Pick<Wanted, "practiceId" | "types">,
): Promise<Scan> {
  const { rows } = await worker.query<{ vectors: string; bucket: number; many: boolean }>(
    `select quote_ident(n.nspname) as vectors, bucket, exists (select from public.ai_embeddings where practice_id = $1::uuid
        ${types === undefined ? "" : "and content_type = any($2::text[])"} limit 1 offset up_to) and up_to is not null as many
     from pg_extension e join pg_namespace n on n.oid = e.extnamespace
     cross join (select ${bucketOf("$1::uuid")} as bucket) b
     left join lateral (
       select greatest(${EXACT_UP_TO}, sqrt(${READ_ON} * greatest(0, c.reltuples)))::integer as up_to
       from pg_index i join pg_class c on c.oid = i.indexrelid
       where i.indrelid = 'public.ai_embeddings'::regclass and i.indisvalid and c.relname = '${BUCKET_INDEX}' || bucket) t on true
     where e.extname = 'vector'`,
    [practiceId, ...(types === undefined ? [] : [types])],
  );
  const [found] = rows;
  return {
    vectors: found?.vectors ?? "public",
    bucket: found?.many === true ? found.bucket : undefined,
  };
}

/** The `limit` nearest, best first; fewer only where the practice has no more. Undefined: no such practice is visible. */
export async function nearestContent(
  tx: Client,
  { vectors, bucket }: Scan,
  wanted: Wanted,
): Promise<readonly Found[] | undefined> {
  const found = bucket === undefined ? [] : await byIndex(tx, vectors, bucket, wanted);
  return found !== undefined && found.length < wanted.limit
    ? await exact(tx, vectors, wanted)
    : found;
}

const OWN = `practice_id = $1::uuid`;
/** What has no practice and belongs to all is few. */
const SHARED = `practice_id is null and (${sharedContent(entities)})`;
const FITS = `model = $2::text and ($3::text[] is null or content_type = any($3::text[]))`;

/** Every vector is compared. Materialized, or the planner may take the index after all and lose some. */
async function exact(
  tx: Client,
  vectors: string,
  wanted: Wanted,
): Promise<readonly Found[] | undefined> {
  return await nearest(
    tx,
    vectors,
    wanted,
    (distance) => `select content_type, content_id, chunk_index, ${distance} as distance
       from public.ai_embeddings where (${OWN} or ${SHARED}) and ${FITS}`,
  );
}

/**
 * As many times what is wanted is taken from the index, whose order is rough. Measured: 10 of 10 miss one in twenty, 10 of 20 one in
 * sixty, 10 of 40 one in 130; each ten more cost 3 ms in a practice of 10,000. See docs/decisions/vector-index.md.
 */
const OVERSAMPLED = 3;

/** The index is read on until enough rows pass the filters, roughly in order, by half precision; what it gave is sorted again, by the whole. */
async function byIndex(
  tx: Client,
  vectors: string,
  bucket: number,
  wanted: Wanted,
): Promise<readonly Found[] | undefined> {
  await tx.query(
    `select set_config('hnsw.iterative_scan', 'relaxed_order', true), set_config('hnsw.ef_search', '100', true),
            set_config('enable_sort', 'off', true)`,
  );
  const half = `embedding::${vectors}.halfvec(1024) operator(${vectors}.<#>) $5::${vectors}.vector::${vectors}.halfvec(1024)`;
  return await nearest(
    tx,
    vectors,
    wanted,
    (distance) => `
      (select content_type, content_id, chunk_index, ${distance} as distance from public.ai_embeddings
        where ${OWN} and ${inBucket(bucket)} and ${FITS} order by ${half} limit ${OVERSAMPLED} * $4::integer)
      union all
      select content_type, content_id, chunk_index, ${distance} from public.ai_embeddings where ${SHARED} and ${FITS}`,
  );
}

async function nearest(
  tx: Client,
  vectors: string,
  { practiceId, vector, model, types, limit }: Wanted,
  candidates: (distance: string) => string,
): Promise<readonly Found[] | undefined> {
  const distance = `embedding operator(${vectors}.<#>) $5::${vectors}.vector`;
  const { rows } = await tx.query<Row>(
    `with candidates as materialized (${candidates(distance)}), nearest as (
       select content_type as type, content_id::text as id, chunk_index as chunk, -distance as score from candidates
        order by distance, content_type, content_id, chunk_index limit $4::integer)
     select p.known, n.* from (select exists (select from public.practices where id = $1::uuid) as known) p
       left join nearest n on true order by n.score desc, n.type, n.id, n.chunk`,
    [practiceId, model, types ?? null, limit, `[${vector.join()}]`],
  );
  if (rows[0]?.known !== true) return undefined;
  return rows.flatMap((row) => {
    if (row.type === null) return [];
    const { type, id, chunk, score } = row;
    return [{ type, id, chunk, score }];
  });
}

/** Nothing found is one row too: it tells whether the practice is known. */
type Row = { readonly known: boolean } & (Found | { readonly type: null });
