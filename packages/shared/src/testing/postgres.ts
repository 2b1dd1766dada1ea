import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { findPostgres } from "./binaries.ts";
import { eventually } from "./eventually.ts";
import { type PostgresServer, postgresAt } from "./postgres-server.ts";
import { type ServerProcess, freePort, serverProcess } from "./server-process.ts";
import { testRun } from "./test-run.ts";
import { unprivilegedAccount } from "./unprivileged.ts";

/** Why a server cannot be had here. */
export interface Missing {
  readonly found: false;
  /** A sentence for the person who wonders why tests were skipped. */
  readonly reason: string;
}

/** A PostgreSQL of our own, that may be broken at will. */
export interface PrivatePostgres extends PostgresServer {
  readonly found: true;
  /** The data folder and `server.log` are in here. */
  readonly folder: string;
  /** Ends it as a crash would (an immediate shutdown: no checkpoint, clients are cut off). What was committed is still there after `restart`. */
  kill(): Promise<void>;
  /** Starts it again on the same port and data, after ending it in good order if it is running. */
  restart(): Promise<void>;
  /** Ends it and removes its folder (kept with NEXUS_KEEP). */
  stop(): Promise<void>;
  /** Runs psql on one of its databases and returns what it printed. Throws when it fails. */
  psql(databaseUrl: string, args: readonly string[]): Promise<string>;
  /** All that the server logged so far: failing statements and their errors among it. */
  log(): string;
}

/** How to set up a private PostgreSQL. */
export interface PostgresOptions {
  /**
   * `process` (the default): survives a crash of its processes, not of the machine, and writes far faster.
   * `machine`: the server's own defaults, for benches.
   */
  readonly durable?: "process" | "machine";
  /** Settings by name, as in postgresql.conf. */
  readonly settings?: Readonly<Record<string, string | number>>;
}

/** `synchronous_commit` stays on: without it a killed server forgets commits that it has acknowledged. */
const survivesProcess = { fsync: "off", full_page_writes: "off" };

/**
 * Starts a PostgreSQL with a new data folder, on loopback, superuser `postgres`, no password. Takes about 1.5 s, in a test run half of it.
 * Never outlives this process.
 */
export async function startPostgres(
  options: PostgresOptions = {},
): Promise<PrivatePostgres | Missing> {
  const bin = findPostgres();
  if (!bin)
    return {
      found: false,
      reason: "no PostgreSQL here: install its server (initdb and postgres; postgresql)",
    };
  const server = emptyServer();
  try {
    await fillData(bin, server.folder);
    return await run(bin, server, options);
  } catch (cause) {
    await server.remove();
    throw cause;
  }
}

/**
 * Makes the data folder that every server of this test run begins with a copy of: `initdb` takes 0.7 s of a processor, a copy 0.1 s (measured).
 * Returns what removes it.
 */
export async function sharePostgresData(): Promise<() => Promise<void>> {
  const bin = findPostgres();
  if (!bin) return () => Promise.resolve();
  const { folder, remove } = emptyServer();
  try {
    await makeData(bin, folder);
  } catch (cause) {
    await remove();
    throw cause;
  }
  testRun.sharePostgresData(join(folder, "data"));
  return remove;
}

function emptyServer(): ServerProcess {
  return serverProcess({
    name: "postgres",
    account: unprivilegedAccount(),
    crash: "SIGQUIT", // As abrupt for clients as SIGKILL, but frees its shared memory, so that it can be restarted.
    end: "SIGINT",
  });
}

async function fillData(bin: string, folder: string): Promise<void> {
  const shared = testRun.postgresData();
  if (shared === undefined) return await makeData(bin, folder);
  await promisify(execFile)("cp", ["-R", shared, join(folder, "data")], {
    ...unprivilegedAccount(),
  });
}

async function makeData(bin: string, folder: string): Promise<void> {
  const args = ["-D", join(folder, "data"), "-U", "postgres", "-A", "trust", "-E", "UTF8"];
  await promisify(execFile)(join(bin, "initdb"), [...args, "--no-locale", "--no-sync"], {
    ...unprivilegedAccount(),
    cwd: folder,
    env: { PATH: process.env["PATH"], TZ: "UTC" },
  });
}

async function run(
  bin: string,
  server: ServerProcess,
  options: PostgresOptions,
): Promise<PrivatePostgres> {
  const port = await freePort();
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  const args = ["-D", join(server.folder, "data"), "-p", String(port), ...settingArgs(options)];
  const start = async (): Promise<PostgresServer> => {
    server.start(join(bin, "postgres"), args);
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
    psql: async (databaseUrl, args) => {
      const { stdout } = await promisify(execFile)(join(bin, "psql"), [databaseUrl, "-X", ...args]);
      return stdout;
    },
    log: () => server.log(),
  };
}

function settingArgs({ durable = "process", settings }: PostgresOptions): string[] {
  const all = {
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    max_connections: 200,
    ...(durable === "process" && survivesProcess),
    ...settings,
  };
  return Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
}

/** The server once it answers. Recovery after a kill is waited for. */
async function ready(server: ServerProcess, url: string): Promise<PostgresServer> {
  const found = await eventually(() => (server.running() ? postgresAt(url) : undefined), {
    within: 30_000,
  });
  if (!found) throw new Error(`PostgreSQL ended at its start:\n${server.log().slice(-2000)}`);
  return found;
}
