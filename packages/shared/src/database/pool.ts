/** Connection pools. Sessions are never assumed to be ours: no session settings (but that they may idle), no named statements, no session locks. */
import type { ClientBase, Pool as PgPool, PoolClient } from "pg";
import { closers } from "../runtime/closers.ts";
import { postgresPool, forNodePostgres } from "../runtime/postgres-pool.ts";
import { attend, type Server } from "./attend.ts";
import { byOid } from "./text-types.ts";

/** Whatever runs a query: a pool, or a client inside a transaction. */
export type Queryable = Pick<ClientBase, "query">;
export type Pool = PgPool;
export type Client = PoolClient;

export interface PoolOptions {
  readonly url: string;
  /** Reads the URL again before each connection is made, because passwords are rotated. Default: the URL does not change. */
  readonly reread?: (() => string) | undefined;
  /** Connections at most. */
  readonly max: number;
  /** Shown in pg_stat_activity. */
  readonly name: string;
  /** Which of our two databases it is: errors know it then. */
  readonly server?: Server;
  /** Milliseconds that an answer may take outside of transactions. Default: 60,000. */
  readonly silenceMs?: number;
  /** Milliseconds after which a connection that nobody uses is closed. 30,000 if left out. */
  readonly idleMs?: number;
  /**
   * What is asked of a connection is sent at once, and not when what was asked before is answered: answers come in order, and a
   * transaction takes as many round trips as it waits. A statement that fails does not keep back those behind it, but for their
   * transaction. Not for cursors and COPY.
   */
  readonly pipelined?: boolean | undefined;
  /** An idle connection that breaks is reported here; the pool replaces it. */
  readonly onError: (error: Error) => void;
}

/** How long to wait for a connection, in milliseconds. */
const CONNECT_TIMEOUT_MS = 10_000;

const SILENCE_MS = 60_000;

/**
 * A pool whose integers (int8 and counts too) arrive as numbers, and dates, instants, numerics and JSON as PostgreSQL's own text,
 * so that nothing is lost on the way through JavaScript.
 */
export function openPool(options: PoolOptions): Pool {
  const {
    url,
    reread,
    max,
    name,
    server,
    silenceMs = SILENCE_MS,
    idleMs = 30_000,
    pipelined = false,
    onError,
  } = options;
  const pool = postgresPool(url, {
    max,
    application_name: name,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    idleTimeoutMillis: idleMs,
    pipeline: pipelined,
    keepAlive: true, // A server that vanished without a goodbye is noticed by the kernel, not waited for.
    types: { getTypeParser: byOid },
  });
  pool.on("error", onError);
  pool.on("connect", (client) => client.on("error", onError));
  urls.set(pool, url);
  if (reread !== undefined) renew(pool, reread);
  attend(pool, silenceMs, server);
  return pool;
}

const urls = new WeakMap<Pool, string>();

/** The URL by which a pool connects now, all of its parameters included. */
export function urlOf(pool: Pool): string {
  return urls.get(pool) ?? pool.options.connectionString ?? "";
}

/** Has each new connection made by the URL of that moment. What cannot be read, or is no URL, leaves it as it is. */
function renew(pool: Pool, reread: () => string): void {
  pool.connect = new Proxy(pool.connect, {
    apply: (connect, self, given: unknown[]): unknown => {
      const url = pool.idleCount === 0 ? readable(reread) : undefined;
      if (url !== undefined && url !== urls.get(pool)) {
        urls.set(pool, url);
        pool.options.connectionString = forNodePostgres(url);
      }
      return Reflect.apply(connect, self, given);
    },
  });
}

function readable(reread: () => string): string | undefined {
  try {
    const url = reread();
    return URL.canParse(url) ? url : undefined;
  } catch {
    return undefined;
  }
}

/** Opens a pool for the length of `use`. */
export async function withPool<T>(
  options: Omit<PoolOptions, "onError">,
  use: (pool: Pool) => Promise<T>,
): Promise<T> {
  const open = closers();
  const pool = openPool({ ...options, onError: () => undefined });
  open.push("pool", () => pool.end());
  try {
    return await use(pool);
  } finally {
    await open.closeAll();
  }
}
