/** Decides by the URL which server carries the queue. Nothing else in the system touches Redis. */
import type { Redis, RedisOptions } from "ioredis";
import { Pool } from "pg";
import { UnavailableError } from "../config/failure.ts";
import { bullTransport } from "./bull-transport.ts";
import { bullmq, ioredis } from "./libraries.ts";
import type { Transport } from "./transport.ts";

type ConnectionChoice = Pick<
  RedisOptions,
  "lazyConnect" | "retryStrategy" | "connectTimeout" | "enableOfflineQueue" | "maxRetriesPerRequest"
>;

export interface TransportOptions {
  /** redis://, rediss:// or postgres:// */
  readonly url: string;
  /** Keys in Redis begin with it. */
  readonly prefix: string;
  /** Workers that this process will run: the PostgreSQL backend keeps a connection for each. */
  readonly workers: number;
  readonly onError: (error: Error) => void;
}

/** Opens the transport once its server answers. Throws `UnavailableError` (exit code 3) when it does not within 10 s. */
export async function openTransport(options: TransportOptions): Promise<Transport> {
  return options.url.startsWith("redis") ? await overRedis(options) : await overPostgres(options);
}

async function overRedis({ url, prefix, onError }: TransportOptions): Promise<Transport> {
  const connect = (more: ConnectionChoice): Redis => {
    const redis = new ioredis.Redis(url, {
      retryStrategy: (tries: number) => Math.min(tries * 200, 2_000),
      ...more,
    });
    redis.on("error", onError);
    return redis;
  };
  const first = connect({ lazyConnect: true, retryStrategy: () => null, connectTimeout: 10_000 });
  await first.connect().catch((cause: unknown) => {
    throw new UnavailableError(
      `QUEUE_URL: no Redis answers at ${hostOf(url)}: is it running, and reachable from here?`,
      { cause },
    );
  });
  first.disconnect();
  const queueConnection = connect({ enableOfflineQueue: false, maxRetriesPerRequest: null });
  const workerConnection = connect({ maxRetriesPerRequest: null });
  await Promise.all([ready(queueConnection), ready(workerConnection)]);
  return bullTransport({
    kind: "redis",
    classes: bullmq.withBackend(bullmq.createRedisBackend),
    queueConnection,
    workerConnection,
    prefix,
    onError,
    ping: () => queueConnection.ping(),
    close: async () => {
      queueConnection.disconnect();
      workerConnection.disconnect();
    },
  });
}

async function ready(redis: Redis): Promise<void> {
  if (redis.status !== "ready") await new Promise<void>((resolve) => redis.once("ready", () => resolve()));
}

async function overPostgres({ url, prefix, workers, onError }: TransportOptions): Promise<Transport> {
  const schema = "bullmq";
  const pool = new Pool({
    connectionString: url,
    max: workers + 3,
    application_name: prefix,
    connectionTimeoutMillis: 10_000,
    options: `-c search_path=${schema},public`,
  });
  pool.on("error", onError);
  pool.on("connect", (client) => client.on("error", onError)); // One that is at work between two queries has no other listener.
  await migrateQueue(pool, schema).catch(async (cause: unknown) => {
    await pool.end();
    throw new UnavailableError(
      `QUEUE_URL: PostgreSQL at ${hostOf(url)} cannot carry the queue: is it running, and may this user create schema ${schema}?`,
      { cause },
    );
  });
  if (!bullmq.isPgPool(pool)) throw new TypeError("node-postgres and BullMQ do not agree on what a pool is");
  return bullTransport({
    kind: "postgres",
    classes: bullmq.withBackend(bullmq.createPostgresBackend),
    queueConnection: pool,
    workerConnection: pool,
    prefix,
    onError,
    ping: () => pool.query("select 1"),
    close: () => pool.end(),
  });
}

async function migrateQueue(pool: Pool, schema: string): Promise<void> {
  const client = await pool.connect();
  try {
    await bullmq.runMigrations(client, schema);
  } finally {
    client.release();
  }
}

function hostOf(url: string): string {
  return new URL(url).host;
}
