/** The HNSW index over all vectors. Why half precision and inner product, and when it is dropped: docs/decisions/vector-index.md */
import { type Client, type Pool, type Queryable, withPool } from "@nexus/shared/database";
import type { Log } from "@nexus/shared/telemetry";

export interface IndexDeps {
  readonly target: Pool;
  readonly log: Log;
  /** For the connection on which the index is built: direct, and nobody else's. */
  readonly url: string;
  /** maintenance_work_mem of the build, in megabytes. */
  readonly memoryMb: number;
}

const INDEX = "ai_embeddings_hnsw";

/** Whoever holds it builds or drops the index. A session lock, on a connection of its own. */
const LOCK = 7_014_110_804;

interface Facts {
  /** Null: there is no index. */
  readonly valid: boolean | null;
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
    `select (select indisvalid from pg_index where indexrelid = to_regclass('public.${INDEX}')) as valid,
       (select count(*) from (select from public.ai_embeddings limit 1) one)::integer as rows,
       n.nspname::text as vectors, string_to_array(e.extversion, '.')::integer[] >= array[0, 8, 2] as parallel,
       version() like '%PGlite%' as embedded
     from pg_extension e join pg_namespace n on n.oid = e.extnamespace where e.extname = 'vector'`,
  );
  return rows[0];
}

/** Builds the index if there is none; drops and builds again one that an interruption left invalid. Does nothing while another embedder does. */
export async function ensureIndex(deps: IndexDeps, signal: AbortSignal): Promise<void> {
  const facts = await factsOf(deps.target);
  if (facts === undefined || facts.embedded || facts.valid === true || facts.rows === 0) return;
  await alone(deps, async (client) => {
    const now = await factsOf(client);
    if (now === undefined || now.valid === true) return;
    if (now.valid === false) await client.query(`drop index concurrently if exists public.${INDEX}`);
    await build(deps, client, now, signal);
  });
}

async function build(
  { target, log, memoryMb }: IndexDeps,
  client: Client,
  facts: Facts,
  signal: AbortSignal,
): Promise<void> {
  const startedAt = performance.now();
  log.info({ index: INDEX }, "building the vector index");
  await client.query(
    `select set_config('maintenance_work_mem', $1, false), set_config('max_parallel_maintenance_workers', $2, false)`,
    [`${memoryMb}MB`, facts.parallel ? "2" : "0"],
  );
  const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
  const cancel = (): void =>
    void target.query("select pg_cancel_backend($1)", [rows[0]?.pid]).catch(() => undefined);
  signal.addEventListener("abort", cancel, { once: true });
  try {
    await client.query(
      `create index concurrently ${INDEX} on public.ai_embeddings
         using hnsw ((embedding::${facts.vectors}.halfvec(1024)) ${facts.vectors}.halfvec_ip_ops)`,
    );
    log.info(
      { index: INDEX, seconds: Math.round((performance.now() - startedAt) / 1_000) },
      "vector index built",
    );
  } finally {
    signal.removeEventListener("abort", cancel);
  }
}

/**
 * Vectors go into an indexed table at about 200 a second, into one without at 7,000; a build takes 700 a second. So an index is in
 * the way of more than 0.4 times the vectors that it holds. Small numbers are not worth it.
 */
const LARGE = { vectors: 10_000, share: 0.4 };

/** Drops the index when so much is to come that building it anew is faster. Without it searches stay right: they are exact. */
export async function dropForLargeDelta(deps: IndexDeps, open: number): Promise<void> {
  if (open < LARGE.vectors) return;
  const { rows } = await deps.target.query<{ held: number | null }>(
    `select reltuples::bigint as held from pg_class where oid = to_regclass('public.${INDEX}')`,
  );
  const held = rows[0]?.held;
  if (held === undefined || held === null || open < LARGE.share * held) return;
  await alone(deps, async (client) => {
    await client.query(`drop index concurrently if exists public.${INDEX}`);
    deps.log.info({ index: INDEX, open }, "vector index dropped, until the new vectors are there");
  });
}

/** Runs `work` on a connection of its own, without limits of time, unless another embedder is at it. */
async function alone({ url }: IndexDeps, work: (client: Client) => Promise<void>): Promise<void> {
  await withPool({ url, max: 1, name: "nexus-embedder-index" }, async (pool) => {
    const client = await pool.connect();
    try {
      const { rows } = await client.query<{ mine: boolean }>(
        `select pg_try_advisory_lock(${LOCK}) as mine, set_config('statement_timeout', '0', false), set_config('lock_timeout', '0', false)`,
      );
      if (rows[0]?.mine === true) await work(client);
    } finally {
      client.release(true);
    }
  });
}
