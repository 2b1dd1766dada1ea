/** Opens what an embedder needs, and starts its three duties: the relay, the pages, the index. */
import { contentOf, entities } from "@nexus/catalog";
import type { Config } from "@nexus/shared/config";
import { openTarget, type Pool } from "@nexus/shared/database";
import { openProvider, type Provider } from "@nexus/shared/embedding";
import { type BudgetOptions, openBudget, recordRefusal } from "@nexus/shared/ledger";
import {
  CONTENT_QUEUE,
  contentJob,
  openQueue,
  type Transport,
  understood,
  workerSettings,
} from "@nexus/shared/queue";
import {
  type Closers,
  type Context,
  openStatus,
  openTurn,
  startTicker,
} from "@nexus/shared/runtime";
import { seldom } from "@nexus/shared/telemetry";
import type { Log, TimeJob } from "@nexus/shared/telemetry";
import type { variables } from "./config.ts";
import { tendVectors } from "./drained.ts";
import type { Deps } from "./deps.ts";
import { embedPage } from "./embed.ts";
import { openHeldClaims } from "./held-claims.ts";
import { openSemaphore } from "./semaphore.ts";
import type { Metrics } from "./metrics.ts";
import { preflightVectors } from "./preflight-vectors.ts";
import { relay, type RelayDeps, startRelay } from "./relay.ts";
import { openVectorStore } from "./store-vectors.ts";

type Settings = Config<typeof variables>;

/** A call that a page has given up on may answer until then, in times of CALL_TIMEOUT_MS: it may be paid for already. */
const LATEST = 3;

/** Starts the embedder. Returns facts for the `ready` line. */
export async function startEmbedder(
  config: Settings,
  context: Context,
  metrics: Metrics,
): Promise<Readonly<Record<string, unknown>>> {
  const contents = contentOf(entities);
  const { log, closers } = context;
  const target = openTarget(config, context);
  metrics.watchPool("target", target, config.TARGET_CONNECTIONS);
  const vectors = await preflightVectors(target);
  const provider = await openProvider({
    provider: config.EMBEDDING_PROVIDER,
    concurrency: config.EMBEDDER_CALLS,
    timeoutMs: LATEST * config.CALL_TIMEOUT_MS,
  });
  closers.push("provider", () => provider.close());
  const transport = await openQueue(config, 1, context);
  const claimMs = Math.max(config.TEXT_CLAIM_MS, 2 * config.CALL_TIMEOUT_MS);
  const held = openHeldClaims(target, claimMs, log);
  closers.push("claims", () => Promise.resolve(held.stop()));
  const deps: Deps = {
    contents,
    target,
    provider: metrics.timeCalls(provider),
    lookedUp: metrics.lookedUp,
    consumed: (seconds) => metrics.consumed("embeddings", seconds),
    budget: await openBudget(target, quota(config, provider)),
    store: openVectorStore(target, vectors),
    semaphore: openSemaphore(config.EMBEDDER_CALLS),
    held,
    claimMs,
    callMs: config.CALL_TIMEOUT_MS,
    suspectTurn: openTurn(),
    health: { answeredAt: -Infinity, pausedUntil: -Infinity },
    log,
  };
  await startPages(config, deps, transport, metrics.timeJob, closers);
  startRelaying(config, { target, transport, log }, closers);
  startTending(config, { target, log }, closers);
  const checks = { target: () => target.query("select 1"), queue: () => transport.ping() };
  const status = await openStatus({ checks, metrics: metrics.scrape }, config, closers);
  return {
    ...status,
    embeddings: "on",
    provider: config.EMBEDDING_PROVIDER,
    model: provider.model,
    queue: transport.kind,
  };
}

/** What the account allows and the operator wants to pay. */
function quota(config: Settings, { model, usdPer1kTokens }: Provider): BudgetOptions {
  return {
    model,
    requestsPerMinute: config.EMBEDDING_REQUESTS_PER_MINUTE ?? null,
    tokensPerMinute: config.EMBEDDING_TOKENS_PER_MINUTE ?? null,
    usdPer1kTokens: config.EMBEDDING_USD_PER_1K_TOKENS ?? usdPer1kTokens,
    capUsd: config.EMBEDDING_CAP_USD ?? null,
  };
}

async function startPages(
  config: Settings,
  deps: Deps,
  transport: Transport,
  timeJob: TimeJob,
  closers: Closers,
): Promise<void> {
  const settings = workerSettings(config, config.EMBEDDER_PAGES);
  const embed = understood(contentJob, deps.log, (job, signal) => embedPage(deps, job, signal));
  const stop = await transport.work(CONTENT_QUEUE, settings, (data, signal) =>
    timeJob(CONTENT_QUEUE, () => embed(data, signal)),
  );
  closers.push("pages", stop);
}

function startRelaying(
  config: Settings,
  relaying: Omit<RelayDeps, "settings">,
  closers: Closers,
): void {
  const settings = { highWater: config.HIGH_WATER, tickMs: config.TICK_MS, careMs: config.CARE_MS };
  const memory = startRelay();
  const ticker = startTicker({
    runOnce: () => relay({ ...relaying, settings }, memory),
    onError: relayFailed(relaying),
    retryMs: 1_000,
  });
  closers.push("relay", () => ticker.stop());
}

/** Said in the ledger too, where a server refuses: the doctor reads it there. */
function relayFailed({ target, log }: Pick<RelayDeps, "target" | "log">): (error: unknown) => void {
  const say = seldom((error, since) =>
    log.warn({ err: error, ...since }, "relay failed, trying again"),
  );
  return (error) => {
    say(error);
    void recordRefusal(target, error);
  };
}

function startTending(
  config: Settings,
  { target, log }: { target: Pool; log: Log },
  closers: Closers,
): void {
  const deps = { target, log, memoryMb: config.INDEX_MEMORY_MB };
  const memory = { upTo: -1 };
  const ticker = startTicker({
    runOnce: async (signal) => {
      await tendVectors(deps, memory, signal);
      return config.CARE_MS;
    },
    onError: (error) => log.warn({ err: error }, "the vectors could not be tended, trying again"),
    retryMs: 5_000,
  });
  closers.push("index", () => ticker.stop());
}
