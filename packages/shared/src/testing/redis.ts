import { findRedis } from "./binaries.ts";
import { eventually } from "./eventually.ts";
import type { Missing } from "./postgres.ts";
import { type RedisServer, redisAt } from "./redis-server.ts";
import { type ServerProcess, freePort, serverProcess } from "./server-process.ts";

/** A Redis of our own, that may be broken at will. */
export interface PrivateRedis extends RedisServer {
  readonly found: true;
  /** Its data lies in here. */
  readonly folder: string;
  /** SIGKILL. What is left after `restart` depends on `keeps`. */
  kill(): Promise<void>;
  /** Starts it again on the same port, after ending it in good order if it is running. */
  restart(): Promise<void>;
  /** Ends it and removes its folder (kept with NEXUS_KEEP). */
  stop(): Promise<void>;
}

/** How to set up a private Redis. */
export interface RedisOptions {
  /** `nothing` (the default): empty after each start. `everything`: an append-only file, synced at each write. */
  readonly keeps?: "nothing" | "everything";
  /** Further arguments of the server: those said later win. */
  readonly args?: readonly string[];
}

/** Starts a Redis on loopback. Takes about 0.1 s. Never outlives this process. */
export async function startRedis(options: RedisOptions = {}): Promise<PrivateRedis | Missing> {
  const binary = findRedis();
  if (!binary)
    return { found: false, reason: "no Redis here: install redis-server (or valkey-server)" };
  const server = serverProcess({ name: "redis", crash: "SIGKILL", end: "SIGTERM" });
  try {
    return await run(binary, server, options);
  } catch (cause) {
    await server.remove();
    throw cause;
  }
}

async function run(
  binary: string,
  server: ServerProcess,
  { keeps = "nothing", args = [] }: RedisOptions,
): Promise<PrivateRedis> {
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  const append = keeps === "everything" ? ["yes", "--appendfsync", "always"] : ["no"];
  const own = [
    "--port",
    String(port),
    "--bind",
    "127.0.0.1",
    "--dir",
    server.folder,
    "--databases",
    "1000",
  ];
  const start = async (): Promise<RedisServer> => {
    server.start(binary, [...own, "--save", "", "--appendonly", ...append, ...args]);
    return await ready(server, url);
  };
  return {
    ...(await start()),
    found: true,
    folder: server.folder,
    kill: () => server.end("crash"),
    restart: async () => {
      await server.end("end");
      await start();
    },
    stop: () => server.remove(),
  };
}

async function ready(server: ServerProcess, url: string): Promise<RedisServer> {
  const found = await eventually(() => (server.running() ? redisAt(url) : undefined), {
    within: 15_000,
  });
  if (!found) throw new Error(`Redis ended at its start:\n${server.log().slice(-2000)}`);
  return found;
}
