/** The whole system on this machine: three embedded databases and the services, a process each. */
import { entities } from "@nexus/catalog";
import { withPool } from "@nexus/shared/database";
import { migrateTarget } from "@nexus/shared/ledger";
import { join } from "node:path";
import { z } from "zod";
import { type HalfFilled, makeHalfFilled } from "../half-filled/index.ts";
import { makeSample } from "../sample/index.ts";
import { type ServiceName, type Servers, serviceToRun } from "../services/index.ts";
import { databaseProcess, databaseUrl, type Supervisor } from "../supervisor/index.ts";
import type { DemoOptions } from "./options.ts";

export interface Place {
  readonly supervisor: Supervisor;
  /** Data and log lie in it. */
  readonly folder: string;
  /** A log for each process. */
  readonly log: (process: string) => (line: string) => void;
}

/** Starts the databases that stand in for the legacy server, the target and Redis. */
export async function startDatabases({ supervisor, folder, log }: Place): Promise<Servers> {
  const start = async (name: string, searchPath: string): Promise<string> => {
    const readyLine = await supervisor.start(
      databaseProcess({ name, dataDir: join(folder, name), searchPath, log: log(name) }),
    );
    return databaseUrl(readyLine);
  };
  const [legacyUrl, targetUrl, queueUrl] = await Promise.all([
    start("legacy", "public"),
    start("target", "public"),
    start("queue", "bullmq, public"),
  ]);
  return { legacyUrl, targetUrl, queueUrl };
}

/** What there is before a run. */
export interface Filled {
  readonly sourceRows: number;
  /** What an earlier tool has left in the target, where it was asked for. */
  readonly halfFilled?: HalfFilled;
}

/** Fills the legacy database with a sample, half fills the target if asked to, and prepares it. */
export async function fill(
  { legacyUrl, targetUrl }: Servers,
  { scale, seed, shape, target: before }: DemoOptions,
): Promise<Filled> {
  const { sourceRows } = await makeSample({ url: legacyUrl, scale, seed, shape });
  const [source, target] = [{ url: legacyUrl }, { url: targetUrl }];
  const filled =
    before === "empty"
      ? { sourceRows }
      : {
          sourceRows,
          halfFilled: await makeHalfFilled({ source, target, shape, seed, orders: "half" }),
        };
  await withPool({ url: targetUrl, max: 1, name: "nexus-demo" }, (target) =>
    migrateTarget({ target, entities }),
  );
  return filled;
}

/** Short ticks, because nobody else uses these databases; few connections, because each database has one session. */
const ENVIRONMENT = {
  LEGACY_POOL: "1",
  TARGET_POOL: "2",
  CARE_MS: "1000",
  API_PORT: "0",
  METRICS_PORT: "0",
  LOG_LEVEL: "info",
  EMBEDDING_PROVIDER: "local",
};

/** Where the API and its metrics are. */
export interface Addresses {
  readonly api: string;
  readonly metrics: string;
}

/** Starts the services. */
export async function startServices(
  { supervisor, log }: Place,
  servers: Servers,
  loaders: number,
): Promise<Addresses> {
  const start = (service: ServiceName): Promise<string> => {
    const { name, main, env } = serviceToRun(service, servers, ENVIRONMENT);
    return supervisor.start({ name, script: main, args: [], env, ready: isReady, log: log(name) });
  };
  const names = [
    "extractor" as const,
    "embedder" as const,
    ...Array<ServiceName>(loaders).fill("loader"),
  ];
  const [api] = await Promise.all([start("api"), ...names.map(start)]);
  const { port, metricsPort } = z
    .object({ port: z.number(), metricsPort: z.number() })
    .parse(JSON.parse(api));
  return { api: `http://127.0.0.1:${port}`, metrics: `http://127.0.0.1:${metricsPort}/metrics` };
}

function isReady(line: string): boolean {
  return line.includes('"msg":"ready"');
}
