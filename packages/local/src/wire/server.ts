import { once } from "node:events";
import { createServer } from "node:net";
import { type Backend, type BackendOptions, openBackend, type StatementClock } from "./backend.ts";
import { createClients } from "./clients.ts";
import { prepareDataFolder } from "./data-folder.ts";
import { lockFolder } from "./lock.ts";

export interface WireServerOptions extends BackendOptions {
  /** 0, the default, takes a free one. */
  readonly port?: number;
  /** How long a client may sit in a transaction, in milliseconds; default 30,000. */
  readonly idleLimit?: number;
  readonly clock?: StatementClock;
  /** The backend is lost and must be replaced by a new process. By default all connections are closed. */
  readonly onBroken?: (error: unknown) => void;
}

export interface WireServer {
  /** postgres://… for any driver. */
  readonly url: string;
  readonly port: number;
  /** Hangs up on all clients, rolls back what they left open and closes the database. */
  close(): Promise<void>;
}

const LOOPBACK = "127.0.0.1";
const IDLE_LIMIT = 30_000;

/**
 * Serves an embedded PostgreSQL on the loopback address, to as many clients as like, one transaction at a time.
 *
 * @throws Error if another process has the data folder open, or the port is taken.
 */
export async function startWireServer(options: WireServerOptions): Promise<WireServer> {
  const unlock = options.dataDir === undefined ? () => undefined : lockFolder(options.dataDir);
  const backend = await openData(options).catch((error: unknown) => {
    unlock();
    throw error;
  });
  const clients = createClients(backend, options.idleLimit ?? IDLE_LIMIT, broken);
  const server = createServer({ noDelay: true }, clients.accept);

  function broken(error: unknown): void {
    options.onBroken?.(error);
    server.close();
    clients.drop();
  }

  async function close(): Promise<void> {
    server.close();
    clients.drop();
    await clients.gone();
    await backend.close();
    unlock();
  }

  server.listen(options.port ?? 0, LOOPBACK);
  await once(server, "listening");
  const address = server.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
  return { port, url: `postgres://postgres@${LOOPBACK}:${port}/postgres`, close };
}

async function openData(options: WireServerOptions): Promise<Backend> {
  if (options.dataDir !== undefined) await prepareDataFolder(options.dataDir);
  return await openBackend(options, options.clock);
}
