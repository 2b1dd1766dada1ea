/** The content of the sample gets its vectors, and then all of it is offered once more: calls, bill, time. */
import { entities } from "@nexus/catalog";
import { type Pool, withPool } from "@nexus/shared/database";
import { backfill, type EmbeddingProgress, embeddingProgress } from "@nexus/shared/ledger";
import { eventually } from "@nexus/shared/testing";
import { type StandIn, startStandIn } from "./stand-in.ts";
import { peakMemory, wholeRun } from "./whole-run.ts";
import { startEmbedders, startServices, type World } from "./world.ts";

export interface CallsTaken {
  readonly embedders: number;
  readonly items: EmbeddingProgress["items"];
  /** Different texts within each practice, by what is attached to content. */
  readonly distinct: number;
  /** Different texts, whoever has them: the others are equal texts of several practices. */
  readonly distinctAnywhere: number;
  readonly first: Pass;
  /** Everything is offered again. */
  readonly again: Pass;
  /** By the ledger, and by the stand-in's own count. */
  readonly tokens: { readonly ledger: number; readonly billed: number };
  /** Dollars by the ledger, and at the price of a token by the stand-in's count. */
  readonly dollars: { readonly ledger: number; readonly billed: number };
  /** Of the largest embedder, in bytes. */
  readonly memory: number;
}

interface Pass {
  /** From the start of the embedders (or the offer) to the last vector. */
  readonly seconds: number;
  /** By the ledger, and by the stand-in's own count. */
  readonly calls: number;
  readonly billed: number;
}

const DOLLARS_PER_TOKEN = 0.02 / 1e6;
const HOURS = 3_600_000;

/** Loads the sample, then lets so many embedder processes work on it at once. The load itself is not measured. */
export async function embedSample(world: World, embedders: number): Promise<CallsTaken> {
  const servers = await world.newTarget();
  await load(servers);
  const standIn = await startStandIn();
  const started = performance.now();
  const services = await startEmbedders(servers, embedders, standIn.env);
  try {
    return await withPool(
      { url: servers.targetUrl, max: 2, name: "nexus-bench" },
      async (target) => {
        const first = await pass(target, standIn, started, { calls: 0, billed: 0 });
        const offeredAt = performance.now();
        await backfill(target, entities, "all", { actor: "bench", reason: null });
        const again = await pass(target, standIn, offeredAt, first);
        const { items, usage } = await embeddingProgress(target);
        const bill = await standIn.bill();
        return {
          embedders,
          items,
          distinct: await distinctTexts(target),
          distinctAnywhere: bill.distinctTexts,
          first,
          again,
          tokens: { ledger: usage.tokens, billed: bill.tokens },
          dollars: { ledger: usage.microdollars / 1e6, billed: bill.tokens * DOLLARS_PER_TOKEN },
          memory: Math.max(...services.map(({ pid }) => peakMemory(pid))),
        };
      },
    );
  } finally {
    await Promise.all(services.map((service) => service.kill("SIGTERM")));
    await standIn.stop();
  }
}

/** A run that offers its content, with nobody there yet who embeds it. */
async function load(servers: Parameters<typeof startServices>[0]): Promise<void> {
  const services = await startServices(servers, 2);
  await wholeRun(servers, services, { embeddings: true });
  await Promise.all(services.map((service) => service.kill("SIGTERM")));
}

/** Waits until nothing is open, and says what was called for since `before`. */
async function pass(
  target: Pool,
  standIn: StandIn,
  started: number,
  before: Omit<Pass, "seconds">,
): Promise<Pass> {
  await eventually(() => openEvents(target), {
    until: (open) => open === 0,
    within: HOURS,
    every: 50,
  });
  const seconds = (performance.now() - started) / 1_000;
  const [{ usage }, { billed }] = await Promise.all([embeddingProgress(target), standIn.bill()]);
  return { seconds, calls: usage.calls - before.calls, billed: billed - before.billed };
}

/** Content events that are not done. */
async function openEvents(target: Pool): Promise<number> {
  return await count(target, "select count(*) from migration.content_events where done_at is null");
}

async function distinctTexts(target: Pool): Promise<number> {
  return await count(
    target,
    "select count(*) from (select distinct practice_id, sha256_hash from public.ai_embeddings) texts",
  );
}

async function count(target: Pool, sql: string): Promise<number> {
  const { rows } = await target.query<{ count: number }>(sql);
  return rows[0]?.count ?? Number.NaN;
}
