/** A run from start to completion over real processes, and what it took. */
import { readFileSync } from "node:fs";
import { entities, inDependencyOrder } from "@nexus/catalog";
import type { Servers } from "@nexus/local/services";
import { type Pool, withPool } from "@nexus/shared/database";
import { createRun, type EntityProgress, findRun, progressOf } from "@nexus/shared/ledger";
import type { RunMode } from "@nexus/shared/states";
import { eventually, type ServiceProcess } from "@nexus/shared/testing";
import { startServices } from "./world.ts";

export interface Taken {
  /** From the creation of the run to its completion, by the ledger's clock. */
  readonly seconds: number;
  readonly read: number;
  readonly written: number;
  /** That the services had open when it was completed. */
  readonly connections: { readonly legacy: number; readonly target: number };
  /** Peak resident memory of each service process, in bytes. */
  readonly memory: Readonly<Record<string, number>>;
  readonly entities: readonly { entity: string; seconds: number }[];
}

/** Runs the whole migration `times` over with fresh processes. The first run loads, the others find nothing changed. */
export async function wholeRuns(
  servers: Servers,
  loaders: number,
  times: number,
): Promise<Taken[]> {
  const services = await startServices(servers, loaders);
  try {
    const taken: Taken[] = [];
    for (let run = 0; run < times; run++) taken.push(await wholeRun(servers, services));
    return taken;
  } finally {
    await Promise.all(services.map((service) => service.kill("SIGTERM")));
  }
}

/** One run over services that are at work. With `embeddings` it offers its content to embedders, and waits for none. */
export async function wholeRun(
  { legacyUrl, targetUrl }: Servers,
  services: readonly ServiceProcess[],
  { embeddings, mode }: { readonly embeddings: boolean; readonly mode?: RunMode } = {
    embeddings: false,
  },
): Promise<Taken> {
  return await withPool({ url: targetUrl, max: 2, name: "nexus-bench" }, async (target) => {
    const runId = await createRun(target, selectAll(), { embeddings, mode, codes: "{}" });
    if (runId === undefined) throw new Error("a run is active");
    await eventually(() => hasCompleted(target, runId), { within: 3_600_000, every: 50 });
    const connections = {
      legacy: await connectionsTo(legacyUrl, target),
      target: await connectionsTo(targetUrl, target),
    };
    const progress = await progressOf(target, runId);
    return {
      connections,
      seconds: await secondsOf(target, runId),
      read: sum(progress, (entity) => entity.read),
      written: sum(progress, (entity) => entity.inserted + entity.updated),
      memory: Object.fromEntries(
        services.map(({ name, pid }, n) => [`${name} ${n}`, peakMemory(pid)]),
      ),
      entities: progress.map(({ entity, startedAt, settledAt }) => ({
        entity,
        seconds: between(startedAt, settledAt),
      })),
    };
  });
}

function selectAll(): { entity: string; position: number; skip: false }[] {
  return inDependencyOrder(entities).map(({ name }, position) => ({
    entity: name,
    position,
    skip: false,
  }));
}

async function hasCompleted(target: Pool, runId: number): Promise<boolean> {
  const run = await findRun(target, runId);
  if (run?.status === "failed") throw new Error("the run failed");
  return run?.status === "completed";
}

async function secondsOf(target: Pool, runId: number): Promise<number> {
  const found = await target.query<{ seconds: number }>(
    `select extract(epoch from finished_at - created_at)::float8 as seconds from migration.runs where id = $1`,
    [runId],
  );
  return found.rows[0]?.seconds ?? Number.NaN;
}

/** Of our services, to a database of the server of `target`. */
async function connectionsTo(url: string, target: Pool): Promise<number> {
  const found = await target.query<{ count: number }>(
    `select count(*) from pg_stat_activity
     where datname = $1 and application_name like 'nexus-%' and application_name <> 'nexus-bench'`,
    [new URL(url).pathname.slice(1)],
  );
  return found.rows[0]?.count ?? Number.NaN;
}

function sum(
  progress: readonly EntityProgress[],
  count: (entity: EntityProgress) => number,
): number {
  return progress.reduce((total, entity) => total + count(entity), 0);
}

function between(from: string | null, to: string | null): number {
  return from === null || to === null ? Number.NaN : (Date.parse(to) - Date.parse(from)) / 1_000;
}

/** Peak resident memory (VmHWM) of a process in bytes; 0 where the system has no /proc. */
export function peakMemory(pid: number): number {
  try {
    return (
      1_024 *
      Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0)
    );
  } catch {
    return 0;
  }
}
