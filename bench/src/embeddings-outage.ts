/** What a load takes beside embedders whose provider fails, and beside none: interleaved, and whether a loader ever waits for an embedder. */
import { openPool, type Pool } from "@nexus/shared/database";
import type { ScheduleChange } from "@nexus/local/bedrock";
import { startStandIn } from "./stand-in.ts";
import { wholeRun } from "./whole-run.ts";
import { startEmbedders, startServices, type World } from "./world.ts";

/** What is wrong with Bedrock all the while. */
const TROUBLES = {
  down: { faults: [{ fault: "unavailable" }] },
  slow: { latencyMs: 5_000 },
  throttling: { faults: [{ fault: "throttled" }] },
} satisfies Readonly<Record<string, ScheduleChange>>;

export type Trouble = keyof typeof TROUBLES;

export interface OutageRound {
  /** Seconds of a load with embeddings off. */
  readonly without: number;
  /** Seconds of a load with embeddings on, two embedders and this trouble, and how often a loader was seen waiting for an embedder. */
  readonly loads: Readonly<Record<Trouble, Load>>;
}

interface Load {
  readonly seconds: number;
  readonly looks: number;
  /** Looks in which a connection of a loader waited for a lock of an embedder. */
  readonly waits: number;
}

/** A round: each load on a target of its own. */
export async function outageRound(world: World): Promise<OutageRound> {
  const without = (await loadBeside(world, undefined)).seconds;
  const down = await loadBeside(world, TROUBLES.down);
  const slow = await loadBeside(world, TROUBLES.slow);
  const throttling = await loadBeside(world, TROUBLES.throttling);
  return { without, loads: { down, slow, throttling } };
}

async function loadBeside(world: World, trouble: ScheduleChange | undefined): Promise<Load> {
  const servers = await world.newTarget();
  const standIn = trouble && (await startStandIn(trouble));
  const embedders = standIn ? await startEmbedders(servers, 2, standIn.env) : [];
  const services = await startServices(servers, 2);
  const watch = watchLocks(servers.targetUrl);
  try {
    const { seconds } = await wholeRun(servers, services, { embeddings: standIn !== undefined });
    return { seconds, ...(await watch.stop()) };
  } finally {
    await Promise.all([...services, ...embedders].map((service) => service.kill("SIGTERM")));
    await standIn?.stop();
  }
}

interface Watch {
  stop(): Promise<{ looks: number; waits: number }>;
}

/** Looks every 20 ms. */
function watchLocks(url: string): Watch {
  const target = openPool({ url, max: 1, name: "nexus-bench", onError: () => undefined });
  let [looks, waits] = [0, 0];
  let next: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    next = next.then(async () => {
      looks += 1;
      waits += await waitingLoaders(target);
    });
  }, 20);
  return {
    stop: async () => {
      clearInterval(timer);
      await next;
      await target.end();
      return { looks, waits };
    },
  };
}

/** Connections of loaders that wait for a lock that a connection of an embedder holds, or waits for before them. */
async function waitingLoaders(target: Pool): Promise<number> {
  const { rows } = await target.query<{ waiting: number }>(
    `select count(*)::integer as waiting from pg_stat_activity loader
     where loader.application_name = 'nexus-loader' and loader.wait_event_type = 'Lock'
       and exists (select from unnest(pg_blocking_pids(loader.pid)) blocker
         join pg_stat_activity embedder on embedder.pid = blocker where embedder.application_name like 'nexus-embedder%')`,
  );
  return rows[0]?.waiting ?? 0;
}
