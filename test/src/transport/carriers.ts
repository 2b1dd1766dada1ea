/** The servers that may carry the queue: what the conformance suite of the transport runs on. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  databaseProcess,
  databaseUrl,
  type RunningProcess,
  startProcess,
} from "@nexus/local/supervisor";
import { openPool } from "@nexus/shared/database";
import {
  findPostgres,
  findRedis,
  type Missing,
  startPostgres,
  startRedis,
} from "@nexus/shared/testing";

/** A server of a suite's own, to break and mend. */
export interface Carrier {
  readonly url: string;
  /** Ends it as a crash would. */
  kill(): Promise<void>;
  /** Starts it again at the same address after `kill`. */
  restart(): Promise<void>;
  /** Makes it forget every job at once. */
  forget(): Promise<void>;
  stop(): Promise<void>;
}

export interface CarrierKind {
  readonly name: string;
  start(): Promise<Carrier>;
}

/** Those of this machine. */
export const carriers: readonly CarrierKind[] = [
  ...(findRedis() ? [{ name: "Redis", start: overRedis }] : []),
  ...(findPostgres() ? [{ name: "PostgreSQL", start: overPostgres }] : []),
  { name: "PGlite", start: overPglite },
];

async function overRedis(): Promise<Carrier> {
  const redis = found(await startRedis());
  return {
    url: await redis.database(),
    kill: () => redis.kill(),
    restart: () => redis.restart(),
    forget: () => redis.flush(),
    stop: () => redis.stop(),
  };
}

async function overPostgres(): Promise<Carrier> {
  const postgres = found(await startPostgres());
  const url = await postgres.database("queue");
  return {
    url,
    kill: () => postgres.kill(),
    restart: () => postgres.restart(),
    forget: () => truncate(url),
    stop: () => postgres.stop(),
  };
}

async function overPglite(): Promise<Carrier> {
  const folder = await mkdtemp(join(tmpdir(), "nexus-queue-"));
  const spec = databaseProcess({
    name: "queue",
    dataDir: join(folder, "data"),
    searchPath: "bullmq, public",
    log: () => undefined,
  });
  let server: RunningProcess = await startProcess(spec);
  const { readyLine } = server;
  const url = databaseUrl(readyLine);
  return {
    url,
    kill: async () => {
      server.kill();
      await server.exited;
    },
    restart: async () => {
      server = await startProcess({ ...spec, args: spec.argsAgain?.(readyLine) ?? spec.args });
    },
    forget: () => truncate(url),
    stop: async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Empties all tables of the queue but the record of its migrations. */
async function truncate(url: string): Promise<void> {
  const pool = openPool({ url, max: 1, name: "nexus-test", onError: () => undefined });
  const { rows } = await pool.query<{ tables: string }>(
    `select string_agg(format('%I.%I', schemaname, tablename), ', ') as tables
     from pg_tables where schemaname = 'bullmq' and tablename !~ 'migration'`,
  );
  await pool.query(`truncate ${rows[0]?.tables}`);
  await pool.end();
}

function found<T extends { readonly found: true }>(server: T | Missing): T {
  if (!server.found) throw new Error(server.reason);
  return server;
}
