import { entities, inDependencyOrder } from "@nexus/catalog";
import type { Config } from "@nexus/shared/config";
import { openBoth } from "@nexus/shared/database";
import { startHeartbeat } from "@nexus/shared/ledger";
import { openQueue } from "@nexus/shared/queue";
import { openStatus, runService, startTicker, type Tick } from "@nexus/shared/runtime";
import { seldom } from "@nexus/shared/telemetry";
import { adopt } from "./adoption/adopt.ts";
import { startMemory } from "./reconcile.ts";
import { rollUp } from "./roll-up.ts";
import { rollBack } from "./rollback/roll-back.ts";
import { purgeUndo } from "./keep-undo.ts";
import { variables } from "./config.ts";
import type { Deps } from "./deps.ts";
import { openMetrics } from "./metrics.ts";
import { plan } from "./plan.ts";
import { watchRefusals } from "./refusals.ts";
import { type Bookkeeping, prove } from "./proof/prove.ts";
import { twinOf } from "./proof/twin-files.ts";
import { openTwins } from "./proof/twins.ts";
import { tick } from "./tick.ts";

await runService({
  name: "extractor",
  variables,
  start: async (config, context) => {
    const { log, closers } = context;
    const { scrape, watchPool, timeTick, settled } = openMetrics();
    const { legacy, target } = await openBoth(config, entities, context, watchPool);
    const transport = await openQueue(config, 0, context);
    const settings = settingsOf(config);
    const deps = {
      entities: inDependencyOrder(entities),
      legacy,
      target,
      transport,
      log,
      settings,
      settled,
    };
    const memory = startMemory();
    const ticking = watchRefusals(deps);
    const tickFailed = seldom((error, since) =>
      log.warn({ err: error, ...since }, "tick failed, trying again"),
    );
    const ticker = startTicker({
      runOnce: (signal) => timeTick(() => ticking.passed(tick({ ...deps, signal }, memory))),
      onError: (error) => {
        tickFailed(error);
        ticking.failed(error);
      },
      retryMs: 1_000,
    });
    closers.push("ticker", () => ticker.stop());
    const beside: Beside = (name, runOnce, trouble) => {
      const onError = seldom((error, since) => log.warn({ err: error, ...since }, trouble));
      const ticking = startTicker({ runOnce, onError, retryMs: 1_000 });
      closers.push(name, () => ticking.stop());
    };
    const planOnce = (signal: AbortSignal) => plan({ ...deps, signal }, memory.setbacks);
    beside("planning", planOnce, "planning failed, trying again");
    attendToOperators(deps, beside);
    beside("rolling up", () => rollUp(deps), "counts could not be rolled up, trying again");
    const purging = purgeUndo(target, config.UNDO_DAYS, log);
    closers.push("purging undo", () => purging.stop());
    startHeartbeat(target, "extractor", log, closers);
    const checks = { target: () => target.query("select 1"), queue: () => transport.ping() };
    const status = await openStatus({ checks, metrics: scrape }, config, closers);
    return { queue: transport.kind, entities: entities.length, ...status };
  },
});

/** A duty of its own ticker. `trouble`: what is logged where it fails. */
type Beside = (name: string, runOnce: Tick["runOnce"], trouble: string) => void;

/** What operators ask for besides runs. */
function attendToOperators(deps: Omit<Deps, "signal">, beside: Beside): void {
  const trouble = (doing: string): string => `${doing} failed, trying again`;
  beside("adopting", (signal) => adopt({ ...deps, signal }), trouble("adopting"));
  beside("rolling back", (signal) => rollBack({ ...deps, signal }), trouble("rolling back"));
  beside("proving", (signal) => prove({ ...deps, signal }, BOOKS), trouble("proving"));
}

const BOOKS: Bookkeeping = { hasTwin: (entity) => twinOf(entity) !== null, open: openTwins };

function settingsOf(config: Config<typeof variables>): Deps["settings"] {
  return {
    batchRows: config.BATCH_ROWS,
    highWater: config.HIGH_WATER,
    tickMs: config.TICK_MS,
    idleTickMs: config.IDLE_TICK_MS,
    careMs: config.CARE_MS,
    legacyStatementMs: config.LEGACY_STATEMENT_MS,
    sourceRules: config,
    unreadableText: config.LEGACY_UNREADABLE_TEXT,
    verifies: config.VERIFY === "after_settle",
    undo: config.UNDO,
  };
}
