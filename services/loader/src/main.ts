import { entities } from "@nexus/catalog";
import { type Config, parseConfig } from "@nexus/shared/config";
import { openBoth } from "@nexus/shared/database";
import { readRelease, startHeartbeat } from "@nexus/shared/ledger";
import { loadJob, loadQueueName, openQueue, understood, workerSettings } from "@nexus/shared/queue";
import { openStatus, runService, openTurn } from "@nexus/shared/runtime";
import { variables } from "./config.ts";
import { loadBatch } from "./load.ts";
import { openMetrics } from "./metrics.ts";
import { openPatience } from "./patience.ts";
import { refuseJob } from "./refuse-job.ts";
import { rememberRunContext } from "./run-context.ts";

await runService({
  name: "loader",
  variables,
  start: async (config, context) => {
    const { log, closers } = context;
    const accounts = config.ACCOUNTS === "on" ? await accountsStage() : undefined;
    const { scrape, watchPool, timeJob } = openMetrics();
    const { legacy, target } = await openBoth(config, entities, context, watchPool);
    const transport = await openQueue(config, entities.length, context);
    const patience = openPatience({ target, log });
    const encoding = { stored: config.LEGACY_ENCODING, unreadable: config.LEGACY_UNREADABLE_TEXT };
    const self = { mapping: readRelease().mapping, encoding };
    const runContext = rememberRunContext(legacy, target, config.LEGACY_TIMEZONE, self);
    const deps = {
      legacy,
      target,
      runContext,
      ...boundsOf(config),
      encoding,
      largeTurn: openTurn(),
      patience,
      log,
    };
    const settings = workerSettings(config, config.LOADER_CONCURRENCY);
    const load = understood(
      loadJob,
      log,
      (job, signal) => patience.whenLetIn(() => loadBatch(deps, job, signal)),
      (data) => refuseJob(deps, data),
    );
    const workers = await Promise.all(
      entities.map(({ name }) =>
        transport.work(loadQueueName(name), settings, (data, signal) =>
          timeJob(loadQueueName(name), () => load(data, signal)),
        ),
      ),
    );
    const making = accounts === undefined ? [] : [await accounts(deps)];
    // All at once: one after the other, their graces would add up beyond the pod's.
    closers.push("workers", () => Promise.all([...workers, ...making].map((stop) => stop())));
    const makesAccounts = accounts !== undefined;
    startHeartbeat(target, { service: "loader", makesAccounts }, log, closers);
    const checks = {
      source: () => patience.requireOpen("source"),
      target: () => Promise.all([patience.requireOpen("target"), target.query("select 1")]),
      queue: () => transport.ping(),
    };
    const status = await openStatus({ checks, metrics: scrape }, config, closers);
    const facts = { entities: entities.length, accounts: config.ACCOUNTS };
    return { queue: transport.kind, ...facts, ...status };
  },
});

function boundsOf(config: Config<typeof variables>) {
  return {
    legacyStatementMs: config.LEGACY_STATEMENT_MS,
    targetStatementMs: config.TARGET_STATEMENT_MS,
    targetIdleMs: config.TARGET_IDLE_MS,
    rowBytes: config.LOADER_ROW_MIB << 20,
  };
}

/** Not imported before it is wanted: a stage that is off loads nothing, and its variables are not read. */
async function accountsStage() {
  const [{ accountVariables }, { startAccounts }] = [
    await import("./accounts/config.ts"),
    await import("./accounts/start.ts"),
  ];
  const settings = parseConfig(accountVariables, process.env);
  return (deps: Parameters<typeof startAccounts>[0]) => startAccounts(deps, settings);
}
