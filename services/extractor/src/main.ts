import { entities, inDependencyOrder } from "@nexus/catalog";
import { openPool, preflightLegacy, preflightTarget } from "@nexus/shared/database";
import { openTransport } from "@nexus/shared/queue";
import { openStatus, runService, startTicker } from "@nexus/shared/runtime";
import { startCare } from "./care.ts";
import { variables } from "./config.ts";
import { openMetrics } from "./metrics.ts";
import { tick } from "./tick.ts";

await runService({
  name: "extractor",
  variables,
  start: async (config, { log, closers }) => {
    const onError = (error: Error): void => log.warn({ err: error }, "connection lost");
    const legacy = openPool({
      url: config.LEGACY_URL,
      max: config.LEGACY_POOL,
      name: "nexus-extractor",
      onError,
    });
    const { scrape, watchPool, timeTick, settled } = openMetrics();
    watchPool("legacy", legacy);
    closers.push("legacy", () => legacy.end());
    const target = openPool({
      url: config.TARGET_URL,
      max: config.TARGET_POOL,
      name: "nexus-extractor",
      onError,
    });
    watchPool("target", target);
    closers.push("target", () => target.end());
    await preflightLegacy(legacy, entities);
    await preflightTarget(target, entities);
    const transport = await openTransport({
      url: config.QUEUE_URL,
      prefix: config.QUEUE_PREFIX,
      workers: 0,
      onError,
    });
    closers.push("queue", () => transport.close());
    const settings = {
      batchRows: config.BATCH_ROWS,
      highWater: config.HIGH_WATER,
      tickMs: config.TICK_MS,
      idleTickMs: config.IDLE_TICK_MS,
      careMs: config.CARE_MS,
      legacyStatementMs: config.LEGACY_STATEMENT_MS,
    };
    const deps = { entities: inDependencyOrder(entities), legacy, target, transport, log, settings, settled };
    const care = startCare();
    const ticker = startTicker({
      runOnce: () => timeTick(() => tick(deps, care)),
      onError: (error) => log.warn({ err: error }, "tick failed, trying again"),
      retryMs: 1_000,
    });
    closers.push("ticker", () => ticker.stop());
    const checks = { target: () => target.query("select 1"), queue: () => transport.ping() };
    const status = await openStatus({ checks, metrics: scrape }, config, closers);
    return { queue: transport.kind, entities: entities.length, ...status };
  },
});
