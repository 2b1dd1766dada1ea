/** Real embedders under a quota that the stand-in enforces over any 60 seconds. No clock is scaled. */
import { entities } from "@nexus/catalog";
import { withPool } from "@nexus/shared/database";
import { backfill } from "@nexus/shared/ledger";
import { setTimeout as delay } from "node:timers/promises";
import { type StandIn, startStandIn } from "./stand-in.ts";
import { startEmbedders, type World } from "./world.ts";

interface Cell {
  readonly requestsPerMinute: number;
  readonly embedders: number;
}

export interface QuotaTaken extends Cell {
  /** Calls at the same time, of each process. */
  readonly calls: number;
  /** Of the quota, over the seconds measured. */
  readonly used: number;
  /** Part of all calls that were answered 429. */
  readonly throttled: number;
  readonly seconds: number;
}

/** Every quota with every number of processes; those that leave the machine idle run side by side. */
export async function quotaTable(world: World): Promise<QuotaTaken[]> {
  const cells = (requestsPerMinute: number): Cell[] =>
    [1, 4, 16].map((embedders) => ({ requestsPerMinute, embedders }));
  const slow = await Promise.all(
    [...cells(60), ...cells(600)].map((cell) => underQuota(world, cell)),
  );
  const taken: QuotaTaken[] = [];
  for (const cell of cells(6_000)) taken.push(await underQuota(world, cell));
  return [...slow, ...taken];
}

/** After a minute of its pace, as long as it takes to see single calls: four minutes at 60, one and a half above. */
async function underQuota(world: World, cell: Cell): Promise<QuotaTaken> {
  const seconds = cell.requestsPerMinute === 60 ? 240 : 90;
  return await atWork(world, cell, async (standIn, calls) => {
    await delay(20_000);
    const before = await standIn.bill();
    const start = performance.now();
    await delay(1_000 * seconds);
    const after = await standIn.bill();
    const minutes = (performance.now() - start) / 60_000;
    return {
      ...cell,
      calls,
      seconds,
      used: (after.billed - before.billed) / minutes / cell.requestsPerMinute,
      throttled: (after.throttled - before.throttled) / (after.calls - before.calls),
    };
  });
}

/** What is used of 600 a minute from a minute after a storm on, in which every call of 30 seconds was throttled. */
export async function afterStorm(world: World): Promise<number> {
  const cell = { requestsPerMinute: 600, embedders: 4 };
  return await atWork(world, cell, async (standIn) => {
    await delay(20_000);
    await standIn.change({ faults: [{ fault: "throttled" }] });
    await delay(30_000);
    await standIn.change({ faults: [] });
    await delay(60_000);
    const before = await standIn.bill();
    const start = performance.now();
    await delay(30_000);
    const { billed } = await standIn.bill();
    return (
      (billed - before.billed) / ((performance.now() - start) / 60_000) / cell.requestsPerMinute
    );
  });
}

/** Embedders with more texts than the quota lets them call for. */
async function atWork<T>(
  world: World,
  { requestsPerMinute, embedders }: Cell,
  measure: (standIn: StandIn, calls: number) => Promise<T>,
): Promise<T> {
  const servers = await world.newTarget();
  await offerTexts(servers.targetUrl, 5 * requestsPerMinute);
  const standIn = await startStandIn({ requestsPerMinute, latencyMs: 50 });
  const calls = Math.ceil(32 / embedders);
  const env = {
    ...standIn.env,
    EMBEDDING_REQUESTS_PER_MINUTE: String(requestsPerMinute),
    EMBEDDER_CALLS: String(calls),
  };
  const services = await startEmbedders(servers, embedders, env);
  try {
    return await measure(standIn, calls);
  } finally {
    await Promise.all(services.map((service) => service.kill("SIGTERM")));
    await standIn.stop();
  }
}

/** So many cases with a title of their own, offered by a backfill. */
async function offerTexts(targetUrl: string, count: number): Promise<void> {
  await withPool({ url: targetUrl, max: 1, name: "nexus-bench" }, async (target) => {
    await target.query(
      "insert into public.cases (title) select 'Crown for arch number ' || n from generate_series(1, $1::integer) n",
      [count],
    );
    await backfill(target, entities, "missing", { actor: "bench", reason: null });
  });
}
