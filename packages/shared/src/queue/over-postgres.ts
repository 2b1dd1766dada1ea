/** The queue on BullMQ's own PostgreSQL backend. */
import type { Pool } from "pg";
import { ConfigurationError, UnavailableError } from "../config/failure.ts";
import { plainTextRisk } from "../config/tls.ts";
import { connectionRefusal } from "../runtime/connection-refusal.ts";
import { postgresPool } from "../runtime/postgres-pool.ts";
import { watchSilence } from "../runtime/silence.ts";
import { bullTransport } from "./bull-transport.ts";
import { bullmq } from "./libraries.ts";
import type { Transport, TransportOptions } from "./transport.ts";

const SCHEMA = "bullmq";

/** Milliseconds without an answer after which a connection is cut: what BullMQ asks is a matter of milliseconds. */
const SILENCE_MS = 15_000;

/** Looks whether it could be opened, and changes nothing. Throws as `openTransport` does. */
export async function examinePostgres({ url, prefix }: Pick<TransportOptions, "url" | "prefix">) {
  const pool = postgresPool(url, {
    max: 1,
    application_name: prefix,
    connectionTimeoutMillis: 10_000,
  });
  try {
    await requireWritable(pool);
    return plainTextRisk("QUEUE_URL", url);
  } catch (cause) {
    throw unopened(placeOf(url), cause);
  } finally {
    await pool.end();
  }
}

/** Opens it, and creates its tables where they are not there. Throws as `openTransport` does. */
export async function overPostgres({
  url,
  prefix,
  workers,
  onError,
}: TransportOptions): Promise<Transport> {
  const pool = postgresPool(url, {
    max: workers + 3,
    application_name: prefix,
    connectionTimeoutMillis: 10_000,
    options: `-c search_path=${SCHEMA},public`,
  });
  pool.setMaxListeners(0); // Each queue and each worker listens to it: with more than ten, Node would warn of a leak in the log.
  pool.on("error", onError);
  pool.on("connect", (client) => {
    client.on("error", onError); // One that is at work between two queries has no other listener.
    watchSilence(client, SILENCE_MS);
  });
  await prepare(pool).catch(async (cause: unknown) => {
    await pool.end();
    throw unopened(placeOf(url), cause);
  });
  if (!bullmq.isPgPool(pool))
    throw new TypeError("node-postgres and BullMQ do not agree on what a pool is");
  return bullTransport({
    kind: "postgres",
    classes: bullmq.withBackend(bullmq.createPostgresBackend),
    queueConnection: pool,
    workerConnection: pool,
    prefix,
    warnings: plainTextRisk("QUEUE_URL", url),
    onError,
    ping: () => requireWritable(pool),
    close: () => pool.end(),
  });
}

async function prepare(pool: Pool): Promise<void> {
  await requireWritable(pool);
  const client = await pool.connect();
  try {
    await bullmq.runMigrations(client, SCHEMA);
  } finally {
    client.release();
  }
}

/** A standby answers, and takes nothing. */
async function requireWritable(pool: Pool): Promise<void> {
  const { rows } = await pool.query<{ reads: boolean }>(
    `select pg_is_in_recovery() or current_setting('transaction_read_only') = 'on' as reads`,
  );
  if (rows[0]?.reads !== false) throw new ReadOnly("it takes no writes");
}

function placeOf(url: string): string {
  return `QUEUE_URL: PostgreSQL at ${new URL(url).host}`;
}

class ReadOnly extends Error {}

/** The codes of a role that is refused, of a database that is none, and of what a role may not do. */
const REFUSED = /^28/;
const NO_DATABASE = /^3D/;
const DENIED = /^42501$/;

function unopened(place: string, cause: unknown): Error {
  const code: unknown = cause instanceof Error ? Reflect.get(cause, "code") : undefined;
  const known = typeof code === "string" ? code : "no answer";
  if (cause instanceof ReadOnly)
    return new ConfigurationError(
      `${place} takes no writes, it is a standby: point to the primary`,
      {
        cause,
      },
    );
  const refusal = connectionRefusal(cause);
  if (refusal !== undefined) return new ConfigurationError(`${place}: ${refusal}`, { cause });
  if (REFUSED.test(known) || (cause instanceof Error && cause.message.startsWith("SASL")))
    return new ConfigurationError(
      `${place}: refuses this user (${known}): correct user and password`,
      {
        cause,
      },
    );
  if (NO_DATABASE.test(known))
    return new ConfigurationError(
      `${place}: has no such database (${known}): create it, or correct its name`,
      {
        cause,
      },
    );
  if (DENIED.test(known))
    return new ConfigurationError(
      `${place} cannot carry the queue (${known}): let this user create schema ${SCHEMA}, or make it the schema's owner`,
      { cause },
    );
  return new UnavailableError(
    `${place} cannot carry the queue (${known}): is it running, and may this user create schema ${SCHEMA}?`,
    { cause },
  );
}
