/** Pools of connections to a PostgreSQL, encrypted as its URL says. node-postgres itself takes most modes of libpq for verify-full. */
import { Pool, type PoolClient, type PoolConfig } from "pg";
import { encryptionOf, TLS_PARAMETERS } from "../config/tls.ts";

type Options = Omit<PoolConfig, "connectionString" | "ssl">;

/** Opens nothing yet. Throws where a file of the URL cannot be read. */
export function postgresPool(url: string, options: Options): Pool {
  const { mode, tls = false } = encryptionOf(new URL(url));
  const [first, second] = mode === "allow" ? [false, tls] : [tls, false];
  const pool = new Pool({ ...options, connectionString: withoutTls(url), ssl: first });
  if (mode === "prefer" || mode === "allow") otherwise(pool, second);
  return pool;
}

/** The URL without what is said of TLS: node-postgres would read it too, and warns of it in several lines. */
export function withoutTls(url: string): string {
  const place = new URL(url);
  for (const name of TLS_PARAMETERS)
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
