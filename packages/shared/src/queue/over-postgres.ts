/** The queue on BullMQ's own PostgreSQL backend. */
import type { Pool } from "pg";
import { ConfigurationError, UnavailableError } from "../config/failure.ts";
import { plainTextRisk } from "../config/tls.ts";
import { connectionRefusal } from "../runtime/connection-refusal.ts";
import { postgresPool } from "../runtime/postgres-pool.ts";
import { refusedOptions } from "../runtime/refused-options.ts";
import { watchSilence } from "../runtime/silence.ts";
import { bullTransport } from "./bull-transport.ts";
import { bullmq } from "./libraries.ts";
import {
  examineSchema,
  requireWritable,
  SCHEMA,
  type SchemaState,
  Unfit,
} from "./postgres-schema.ts";
import type { Transport, TransportOptions, TransportWarning } from "./transport.ts";

/** Milliseconds without an answer after which a connection is cut: what BullMQ asks is a matter of milliseconds. */
const SILENCE_MS = 15_000;

type Where = Pick<TransportOptions, "url" | "prefix">;

/** Looks whether it could be opened, and changes nothing. Throws as `openTransport` does. */
export async function examinePostgres(where: Where): Promise<readonly TransportWarning[]> {
  await schemaAt(where);
  return plainTextRisk("QUEUE_URL", where.url);
}

/** What whoever changes nothing finds there instead of a queue. Throws as `openTransport` does. */
export async function unmadeAt(where: Where): Promise<TransportWarning | undefined> {
  const state = await schemaAt(where);
  if (state === "fit") return undefined;
  const found =
    state === "missing"
      ? "holds no queue yet: the first service that starts makes its tables there"
      : "holds the queue of an older BullMQ: the first service that starts upgrades it";
  return { code: "queue_not_made", says: `${placeOf(where.url)} ${found}` };
}

async function schemaAt({ url, prefix }: Where): Promise<SchemaState> {
  const pool = openOwn(url, prefix, 1);
  try {
    return await examineSchema(pool);
  } catch (cause) {
    throw unopened(placeOf(url), cause);
  } finally {
    await pool.end();
  }
}

/** Opens it, and makes or upgrades its tables where that is due. Throws as `openTransport` does. */
export async function overPostgres({
  url,
  prefix,
  workers,
  onError,
  leaves,
}: TransportOptions): Promise<Transport> {
  const pool = openOwn(url, prefix, workers + 3);
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
    leaves,
    ping: () => requireWritable(pool),
    close: () => pool.end(),
  });
}

function openOwn(url: string, prefix: string, max: number): Pool {
  return postgresPool(inSchema(url), {
    max,
    application_name: prefix,
    connectionTimeoutMillis: 10_000,
  });
}

/** BullMQ names no schema. The last word counts, and what a URL says wins over what a pool is given beside it: so both stand there. */
function inSchema(url: string): string {
  const place = new URL(url);
  const given = place.searchParams.get("options") ?? "";
  place.searchParams.set("options", `${given} -c search_path=${SCHEMA},public`.trimStart());
  return place.href;
}

async function prepare(pool: Pool): Promise<void> {
  if ((await examineSchema(pool)) === "fit") return;
  const client = await pool.connect();
  try {
    await bullmq.runMigrations(client, SCHEMA);
  } finally {
    client.release();
  }
}

function placeOf(url: string): string {
  return `QUEUE_URL: PostgreSQL at ${new URL(url).host}`;
}

/** What somebody must change, by the code: a role that is refused, a database that is none, and what a role may not do. */
const FAULTS: readonly (readonly [RegExp, (code: string) => string])[] = [
  [/^28/, refusesUser],
  [/^3D/, (code) => `: has no such database (${code}): create it, or correct its name`],
  [
    /^42501$/,
    (code) =>
      ` cannot carry the queue (${code}): this user may not do all that it must do in schema ${SCHEMA}`,
  ],
];

const OF_OPTIONS = {
  setting: (code: string) =>
    `: the server refuses a setting that a session begins with (${code}): correct options= of the URL`,
  pooler: (code: string) =>
    `: a pooler before it takes no options (${code}), and the queue needs a search_path: connect to the server itself, ` +
    `or have the pooler ignore them (ignore_startup_parameters = options) and run "alter role … set search_path = ${SCHEMA}, public"`,
} as const;

function unopened(place: string, cause: unknown): Error {
  const code: unknown = cause instanceof Error ? Reflect.get(cause, "code") : undefined;
  const known = typeof code === "string" ? code : "no answer";
  const fault = faultOf(cause, known);
  if (fault !== undefined) return new ConfigurationError(`${place}${fault}`, { cause });
  return new UnavailableError(`${place} cannot carry the queue (${known}): is it running?`, {
    cause,
  });
}

function faultOf(cause: unknown, code: string): string | undefined {
  if (cause instanceof Unfit) return ` ${cause.message}`;
  const options = refusedOptions(cause);
  if (options !== undefined) return OF_OPTIONS[options](code);
  const refusal = connectionRefusal(cause);
  if (refusal !== undefined) return `: ${refusal}`;
  if (cause instanceof Error && cause.message.startsWith("SASL")) return refusesUser(code);
  return FAULTS.find(([pattern]) => pattern.test(code))?.[1](code);
}

function refusesUser(code: string): string {
  return `: refuses this user (${code}): correct user and password`;
}
