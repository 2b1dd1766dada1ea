/** A real embedder that fills the stand-in for Dify, with and without a rate limit that the stand-in enforces over any 60 seconds. */
import { entities } from "@nexus/catalog";
import { difyEnvironment, type DifyServer, startDify } from "@nexus/local/dify";
import { withPool } from "@nexus/shared/database";
import { backfill } from "@nexus/shared/ledger";
import { eventually } from "@nexus/shared/testing";
import { setTimeout as delay } from "node:timers/promises";
import { startEmbedders, type World } from "./world.ts";

export interface DifyTaken {
  /** Null: not limited. */
  readonly requestsPerMinute: number | null;
  /** Documents a second that were created, over `seconds`. */
  readonly perSecond: number;
  readonly seconds: number;
  /** Creations that were refused, or under way at that moment. */
  readonly refused: number;
}

/** Milliseconds that the stand-in takes for an answer, and for an indexing. */
const LATENCY_MS = 50;
const INDEXING_MS = 2_000;

/** Without a limit, and under those of Dify's larger plans. */
export async function fillDify(world: World, requestsPerMinute: number | null): Promise<DifyTaken> {
  const servers = await world.newTarget();
  await offerCases(servers.targetUrl, 5_000);
  const dify = await startDify({
    requestsPerMinute,
    latencyMs: LATENCY_MS,
    indexingMs: INDEXING_MS,
  });
  const limit =
    requestsPerMinute === null ? {} : { DIFY_REQUESTS_PER_MINUTE: String(requestsPerMinute) };
  const usual = { DIFY_TICK_MS: "1000", DIFY_POLL_MS: "2000", DIFY_RATE_PAUSE_MS: "60000" };
  const env = { ...difyEnvironment(dify.url), ...usual, ...limit, EMBEDDINGS: "off" };
  const [embedder] = await startEmbedders(servers, 1, env);
  try {
    return { requestsPerMinute, ...(await measure(dify, requestsPerMinute === null ? 30 : 120)) };
  } finally {
    await embedder?.kill("SIGTERM");
    await dify.close();
  }
}

/** From when the datasets are there and the first minute's burst is spent. */
async function measure(
  dify: DifyServer,
  seconds: number,
): Promise<Omit<DifyTaken, "requestsPerMinute">> {
  await eventually(() => dify.documents().length > 20, { within: 120_000 });
  await delay(20_000);
  const before = dify.documents().length;
  const start = performance.now();
  await delay(1_000 * seconds);
  const made = dify.documents().length;
  const perSecond = (1_000 * (made - before)) / (performance.now() - start);
  return { perSecond, seconds, refused: dify.calls("create") - made };
}

/** So many cases with a title of their own, in twenty practices, offered by a backfill. */
async function offerCases(targetUrl: string, count: number): Promise<void> {
  await withPool({ url: targetUrl, max: 1, name: "nexus-bench" }, async (target) => {
    await target.query(
      `insert into public.practices (name) select 'Practice ' || n from generate_series(1, 20) n`,
    );
    await target.query(
      `insert into public.cases (title, practice_id)
       select 'Crown for arch number ' || n, practice.id
       from generate_series(1, $1::integer) n
       join (select id, row_number() over () as nth from public.practices) practice on practice.nth = 1 + n % 20`,
      [count],
    );
    await backfill(target, entities, "missing", { actor: "bench", reason: null }, "dify");
  });
}
