import { entities } from "@nexus/catalog";
import { openPool, preflightLegacy, preflightTarget } from "@nexus/shared/database";
import { loadJob, loadQueueName, openTransport } from "@nexus/shared/queue";
import { openStatus, runService } from "@nexus/shared/runtime";
import { variables } from "./config.ts";
import { loadBatch } from "./load.ts";
import { openMetrics } from "./metrics.ts";
import { rememberRunContext } from "./run-context.ts";

await runService({
  name: "loader",
  variables,
  start: async (config, { log, closers }) => {
    const onError = (error: Error): void => log.warn({ err: error }, "connection lost");
    const legacy = openPool({
      url: config.LEGACY_URL,
      max: config.LEGACY_POOL,
      name: "nexus-loader",
      onError,
    });
    const { scrape, watchPool, timeJob } = openMetrics();
    watchPool("legacy", legacy);
    closers.push("legacy", () => legacy.end());
    const target = openPool({
      url: config.TARGET_URL,
      max: config.TARGET_POOL,
      name: "nexus-loader",
      onError,
    });
    watchPool("target", target);
    closers.push("target", () => target.end());
    await preflightLegacy(legacy, entities);
    await preflightTarget(target, entities);
    const transport = await openTransport({
      url: config.QUEUE_URL,
      prefix: config.QUEUE_PREFIX,
      workers: entities.length,
      onError,
    });
    closers.push("queue", () => transport.close());
    const runContext = rememberRunContext(legacy, target);
    const bounds = { legacyStatementMs: config.LEGACY_STATEMENT_MS, targetIdleMs: config.TARGET_IDLE_MS };
    const deps = { legacy, target, runContext, ...bounds, log };
    const settings = {
      concurrency: config.LOADER_CONCURRENCY,
      lockMs: config.QUEUE_LOCK_MS,
      stalledCheckMs: config.QUEUE_STALLED_MS,
      graceMs: config.DRAIN_MS,
    };
    const workers = await Promise.all(
      entities.map(({ name }) =>
        transport.work(loadQueueName(name), settings, (data, signal) =>
          timeJob(loadQueueName(name), () => loadBatch(deps, loadJob.parse(data), signal)),
        ),
      ),
    );
    // All at once: one after the other, their graces would add up beyond the pod's.
    closers.push("workers", () => Promise.all(workers.map((stop) => stop())));
    const checks = { target: () => target.query("select 1"), queue: () => transport.ping() };
    const status = await openStatus({ checks, metrics: scrape }, config, closers);
    return { queue: transport.kind, entities: entities.length, ...status };
  },
});
