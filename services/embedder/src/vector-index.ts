/** The HNSW indexes over all vectors. Why buckets, half precision and inner product, and when they are dropped: docs/decisions/vector-index.md */
import {
  BUCKET_INDEX,
  bucketIndex,
  buckets,
  cancelSession,
  type Client,
  inBucket,
  INDEX_LOCK,
  type Pool,
  type Queryable,
  urlOf,
  withPool,
} from "@nexus/shared/database";
import type { Log } from "@nexus/shared/telemetry";

export interface IndexDeps {
  readonly target: Pool;
  readonly log: Log;
  /** maintenance_work_mem of the build, in megabytes. */
  readonly memoryMb: number;
}

interface Facts {
  readonly rows: number;
  /** The schema of extension vector. */
  readonly vectors: string;
  /** pgvector before 0.8.2 may overflow a buffer in a parallel build. */
  readonly parallel: boolean;
  /** PGlite builds while everybody waits (20 s for 5,000 vectors), and searches exactly without. */
  readonly embedded: boolean;
}

async function factsOf(db: Queryable): Promise<Facts | undefined> {
  const { rows } = await db.query<Facts>(
    `select (select count(*) from (select from public.ai_embeddings limit 1) one)::integer as rows,
       n.nspname::text as vectors, string_to_array(e.extversion, '.')::integer[] >= array[0, 8, 2] as parallel,
       version() like '%PGlite%' as embedded
     from pg_extension e join pg_namespace n on n.oid = e.extnamespace where e.extname = 'vector'`,
  );
  return rows[0];
}

interface Index {
  readonly name: string;
  /** False where an interruption left it unfinished. */
  readonly valid: boolean;
  /** Vectors that it held when it was last looked at. */
  readonly held: number;
}

async function indexes(db: Queryable): Promise<readonly Index[]> {
  const { rows } = await db.query<Index>(
    `select c.relname::text as name, i.indisvalid as valid, greatest(0, c.reltuples)::bigint as held
     from pg_index i join pg_class c on c.oid = i.indexrelid
     where i.indrelid = to_regclass('public.ai_embeddings') and starts_with(c.relname, '${BUCKET_INDEX}')`,
  );
  return rows;
}

/** Builds the indexes that are not there; drops and builds again what an interruption left invalid. Does nothing while another embedder does. */
export async function ensureIndex(deps: IndexDeps, signal: AbortSignal): Promise<void> {
  const facts = await factsOf(deps.target);
  if (facts === undefined || facts.embedded || facts.rows === 0) return;
  if ((await indexes(deps.target)).filter(({ valid }) => valid).length === buckets.length) return;
  await alone(deps, async (client) => {
    const startedAt = performance.now();
    const there = await indexes(client);
    await drop(
      client,
      there.filter(({ valid }) => !valid),
    );
    const kept = there.flatMap(({ name, valid }) => (valid ? [name] : []));
    const missing = buckets.filter((bucket) => !kept.includes(bucketIndex(bucket)));
    for (const bucket of missing) await build(deps, client, { facts, bucket }, signal);
    const seconds = Math.round((performance.now() - startedAt) / 1_000);
    deps.log.info({ indexes: missing.length, seconds }, "vector indexes built");
  });
}

async function build(
  { target, log, memoryMb }: IndexDeps,
  client: Client,
  { facts, bucket }: { facts: Facts; bucket: number },
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  log.info({ index: bucketIndex(bucket) }, "building a vector index");
  await client.query(
    `select set_config('maintenance_work_mem', $1, false), set_config('max_parallel_maintenance_workers', $2, false)`,
    [`${memoryMb}MB`, facts.parallel ? "2" : "0"],
  );
  const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
  const cancel = (): void => void cancelSession(target, rows[0]?.pid ?? 0).catch(() => undefined);
  signal.addEventListener("abort", cancel, { once: true });
  try {
    await client.query(
      `create index concurrently ${bucketIndex(bucket)} on public.ai_embeddings
         using hnsw ((embedding::${facts.vectors}.halfvec(1024)) ${facts.vectors}.halfvec_ip_ops) where ${inBucket(bucket)}`,
    );
  } finally {
    signal.removeEventListener("abort", cancel);
  }
}

async function drop(client: Client, those: readonly Index[]): Promise<void> {
  for (const { name } of those)
    await client.query(`drop index concurrently if exists public.${name}`);
}

/**
 * Vectors go into an indexed table at about 200 a second, into one without at 7,000; a build takes 700 a second. So an index is in
 * the way of more than 0.4 times the vectors that it holds. Small numbers are not worth it.
 */
const LARGE = { vectors: 10_000, share: 0.4 };

/** Drops the indexes when so much is to come that building them anew is faster. Without them searches stay right: they are exact. */
export async function dropForLargeDelta(deps: IndexDeps, open: number): Promise<void> {
  if (open < LARGE.vectors) return;
  const there = await indexes(deps.target);
  if (there.length === 0 || open < LARGE.share * there.reduce((sum, { held }) => sum + held, 0))
    return;
  await alone(deps, async (client) => {
    await drop(client, await indexes(client));
    deps.log.info({ open }, "vector indexes dropped, until the new vectors are there");
  });
}

/** Milliseconds without a word after which a build is given up: six hours. */
const BUILD_MS = 21_600_000;

/** Whatever role, database or server prefer; PostgreSQL before 14 and 17 does not know all of these. */
const UNLIMITED = `select set_config(name, '0', false) from pg_settings
  where name in ('statement_timeout', 'lock_timeout', 'transaction_timeout', 'idle_session_timeout')`;

/** Runs `work` on a connection of its own, without limits of time, unless another embedder is at it. */
async function alone(
  { target }: IndexDeps,
  work: (client: Client) => Promise<void>,
): Promise<void> {
  const url = urlOf(target); // As it is now: it may have been read anew.
  await withPool(
    { url, max: 1, name: "nexus-embedder-index", silenceMs: BUILD_MS },
    async (pool) => {
      const client = await pool.connect();
      try {
        await client.query(UNLIMITED);
        const { rows } = await client.query<{ mine: boolean }>(
          `select pg_try_advisory_lock(${INDEX_LOCK}) as mine`,
        );
        if (rows[0]?.mine === true) await work(client);
      } finally {
        client.release(true);
      }
    },
  );
}
