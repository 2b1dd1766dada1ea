/** The content of one practice that is nearest to a vector. Runs as a tenant: row level security has the last word on every row. */
import type { Client, Pool } from "@nexus/shared/database";

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

/** Every vector that may be meant is compared, or the index is asked for some that are near. */
export type Scan = "exact" | "index";

/**
 * Up to as many vectors are compared one by one: up to here that is as fast as the index, and misses nothing.
 * Measured by `pnpm bench:search`: an exact scan takes 2 to 3 µs a vector, while the index reads on for longer the rarer a practice is.
 */
const EXACT_UP_TO = 6_000;

/** As the worker, not as a tenant: row security would have it read the rows where the index of `practice_id` is enough. */
export async function scanFor(
  worker: Pool,
  { practiceId, types }: Pick<Wanted, "practiceId" | "types">,
): Promise<Scan> {
  const { rowCount } = await worker.query(
    `select from public.ai_embeddings where practice_id = $1::uuid
      ${types === undefined ? "" : "and content_type = any($3::text[])"} limit 1 offset $2::integer`,
    [practiceId, EXACT_UP_TO, ...(types === undefined ? [] : [types])],
  );
  return rowCount === 0 ? "exact" : "index";
}

/** The `limit` nearest, best first; fewer only where the practice has no more. Undefined: no such practice is visible. */
export async function nearestContent(tx: Client, scan: Scan, wanted: Wanted): Promise<Found[] | undefined> {
  const { rows } = await tx.query<{ known: boolean; vectors: string }>(
    `select exists (select from public.practices where id = $1::uuid) as known,
            (select quote_ident(n.nspname) from pg_extension e join pg_namespace n on n.oid = e.extnamespace
              where e.extname = 'vector') as vectors`,
    [wanted.practiceId],
  );
  const { known = false, vectors = "public" } = rows[0] ?? {};
  if (!known) return undefined;
  const found = scan === "index" ? await byIndex(tx, vectors, wanted) : [];
  return found.length < wanted.limit ? await exact(tx, vectors, wanted) : found;
}

const OWN = `practice_id = $1::uuid`;
/** Templates without a practice belong to all; they are few. */
const SHARED = `practice_id is null and content_type = 'workflow_template'`;
const FITS = `model = $2::text and ($3::text[] is null or content_type = any($3::text[]))`;

/** Every vector is compared. Materialized, or the planner may take the index after all and lose some. */
async function exact(tx: Client, vectors: string, wanted: Wanted): Promise<Found[]> {
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
async function byIndex(tx: Client, vectors: string, wanted: Wanted): Promise<Found[]> {
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
        where ${OWN} and ${FITS} order by ${half} limit ${OVERSAMPLED} * $4::integer)
      union all
      select content_type, content_id, chunk_index, ${distance} from public.ai_embeddings where ${SHARED} and ${FITS}`,
  );
}

async function nearest(
  tx: Client,
  vectors: string,
  { practiceId, vector, model, types, limit }: Wanted,
  candidates: (distance: string) => string,
): Promise<Found[]> {
  const distance = `embedding operator(${vectors}.<#>) $5::${vectors}.vector`;
  const { rows } = await tx.query<Found>(
    `with candidates as materialized (${candidates(distance)})
     select content_type as type, content_id::text as id, chunk_index as chunk, -distance as score
       from candidates order by distance, content_type, content_id, chunk_index limit $4::integer`,
    [practiceId, model, types ?? null, limit, `[${vector.join()}]`],
  );
  return rows;
}
