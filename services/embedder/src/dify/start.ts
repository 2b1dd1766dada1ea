/** Opens what filling Dify needs, and starts its one duty. Nothing of it is shared with the embeddings: neither holds up the other. */
import { contentOf, entities } from "@nexus/catalog";
import type { Config } from "@nexus/shared/config";
import { openTarget, preflightTarget } from "@nexus/shared/database";
import { DIFY_BUDGET, openBudget } from "@nexus/shared/ledger";
import { type Context, startTicker } from "@nexus/shared/runtime";
import type { Metrics } from "../metrics.ts";
import type { DifyDeps } from "./deps.ts";
import { type Dify, openDify } from "./client.ts";
import type { difyVariables } from "./config.ts";
import { consume } from "./consume.ts";

type Settings = Config<typeof difyVariables>;

/** Connections to the target: each call to Dify is between two short statements. */
const POOL = 3;

/** Starts to fill Dify. Returns facts for the `ready` line. */
export async function startDify(
  {
    TARGET_URL,
    TARGET_URL_FILE,
  }: Readonly<Record<"TARGET_URL", string> & Record<"TARGET_URL_FILE", string | undefined>>,
  config: Settings,
  context: Context,
  metrics: Metrics,
): Promise<Readonly<Record<string, unknown>>> {
  const { log, closers } = context;
  const target = openTarget(
    { TARGET_URL, TARGET_URL_FILE, TARGET_POOL: POOL },
    { ...context, name: "dify" },
  );
  await preflightTarget(target, entities);
  const health = { answeredAt: -Infinity };
  const deps: DifyDeps = {
    target,
    dify: metrics.dify.watchDify(clientOf(config, health)),
    budget: metrics.dify.watchBudget(
      await openBudget(target, {
        model: DIFY_BUDGET,
        requestsPerMinute: config.DIFY_REQUESTS_PER_MINUTE ?? null,
        tokensPerMinute: null,
        usdPer1kTokens: 0,
        capUsd: null,
      }),
    ),
    contents: contentOf(entities),
    consumed: (seconds) => metrics.consumed("dify", seconds),
    log,
    settings: paceOf(config),
    health,
  };
  const round = { calls: config.DIFY_CALLS, tickMs: config.DIFY_TICK_MS };
  const ticker = startTicker({
    runOnce: (signal) => consume(deps, round, signal),
    onError: (error) => log.warn({ err: error }, "Dify was not filled, trying again"),
    retryMs: 2_000,
  });
  closers.push("Dify", () => ticker.stop());
  return { dify: "on" };
}

function clientOf(config: Settings, health: { answeredAt: number }): Dify {
  return openDify({
    url: config.DIFY_URL,
    apiKey: config.DIFY_API_KEY,
    timeoutMs: config.DIFY_TIMEOUT_MS,
    routes: config.DIFY_ROUTES,
    indexing: config.DIFY_INDEXING,
    onAnswer: () => (health.answeredAt = performance.now()),
  });
}

function paceOf(config: Settings): DifyDeps["settings"] {
  return {
    // A step is one call between two renewals, or a few in a row where a document turned up twice.
    claimMs: 4 * config.DIFY_TIMEOUT_MS,
    settleMs: config.DIFY_SETTLE_MS,
    ratePauseMs: config.DIFY_RATE_PAUSE_MS,
    pollMs: config.DIFY_POLL_MS,
    retryMs: config.DIFY_RETRY_MS,
  };
}
