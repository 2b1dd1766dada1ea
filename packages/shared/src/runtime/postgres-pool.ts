/** Pools of connections to a PostgreSQL, encrypted as its URL says. node-postgres itself takes most modes of libpq for verify-full. */
import { type ClientBase, Pool, type PoolClient, type PoolConfig } from "pg";
import { encryptionOf, TLS_PARAMETERS } from "../config/tls.ts";

type Options = Omit<PoolConfig, "connectionString" | "ssl">;

/** Opens nothing yet. Throws where a file of the URL cannot be read. */
export function postgresPool(url: string, options: Options): Pool {
  const { mode, tls = false } = encryptionOf(new URL(url));
  const [first, second] = mode === "allow" ? [false, tls] : [tls, false];
  const connectionString = forNodePostgres(url);
  const settings = { ...options, connectionString, ssl: first, onConnect: mayIdle }; // It is waited for, although its type says void.
  const pool = new Pool(settings);
  pool.on("error", () => undefined); // A connection that ends while it idles ends no process.
  if (mode === "prefer" || mode === "allow") otherwise(pool, second);
  return pool;
}

/**
 * Our sessions may idle in their pool, whatever role or database prefer; PostgreSQL before 14 ends none for that. It is the only
 * setting beyond a transaction: behind a pooler it may stay with a session that others get, who lose nothing by it.
 */
const MAY_IDLE = `select case when current_setting('server_version_num')::integer >= 140000
  then set_config('idle_session_timeout', '0', false) end`;

/** Milliseconds that it is waited for. */
const FIRST_MS = 10_000;

/** Goes ahead of the first statement. What it fails of, that one meets too, and its caller knows what to do. */
async function mayIdle(client: ClientBase): Promise<void> {
  const first = { text: MAY_IDLE, query_timeout: FIRST_MS };
  await client.query(first).catch(() => undefined);
}

/**
 * The URL as node-postgres is given it. Without what is said of TLS: it would read that too, and warns of it in several lines. Without
 * a name for sessions, which would win over ours: by those, ours are told from others, and services from each other.
 */
export function forNodePostgres(url: string): string {
  const place = new URL(url);
  for (const name of [...TLS_PARAMETERS, "application_name"])
    if (place.searchParams.has(name)) place.searchParams.delete(name);
  return place.href;
}

type Done = (error: Error | undefined, client: PoolClient | undefined, release: () => void) => void;

/** Does as libpq does: what is refused one way is tried the other way. The way that was let in is kept. */
function otherwise(pool: Pool, ssl: PoolConfig["ssl"]): void {
  const [connect, usual] = [pool.connect.bind(pool), pool.options.ssl];

  async function either(): Promise<PoolClient> {
    try {
      return await connect();
    } catch (error) {
      if (!refusesThisWay(error)) throw error;
      pool.options.ssl = ssl;
      return await connect().catch((again: unknown) => {
        pool.options.ssl = usual;
        throw again;
      });
    }
  }

  function eitherWay(): Promise<PoolClient>;
  function eitherWay(callback: Done): void;
  function eitherWay(callback?: Done): Promise<PoolClient> | void {
    if (callback === undefined) return either();
    either().then(
      (client) => callback(undefined, client, (error?: unknown) => client.release(error === true)),
      (error: Error) => callback(error, undefined, () => undefined),
    );
  }
  pool.connect = eitherWay;
}

/** No TLS there, a handshake that failed, or rules of its `pg_hba.conf` that take the other way only (28000). */
function refusesThisWay(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code: unknown = Reflect.get(error, "code");
  return /SSL connection/.test(error.message) || code === "EPROTO" || code === "28000";
}
