import { entities, inDependencyOrder } from "@nexus/catalog";
import type { AuthAdmin } from "@nexus/shared/auth";
import { type Config, parseConfig, supabaseVariables } from "@nexus/shared/config";
import { openBoth, preflightBackup } from "@nexus/shared/database";
import { readRelease, startHeartbeat } from "@nexus/shared/ledger";
import { openQueue } from "@nexus/shared/queue";
import { openStatus, runService, startTicker } from "@nexus/shared/runtime";
import { seldom } from "@nexus/shared/telemetry";
import { startMemory } from "./reconcile.ts";
import { variables } from "./config.ts";
import type { Deps } from "./deps.ts";
import { startDuties } from "./duties.ts";
import { purgeUndo } from "./keep-undo.ts";
import { preflightGonePolicy } from "./gone/policy.ts";
import { openMetrics } from "./metrics.ts";
import { watchRefusals } from "./refusals.ts";
import { tick } from "./tick.ts";

await runService({
  name: "extractor",
  variables,
  start: async (config, context) => {
    const { log, closers } = context;
    const admin = config.ACCOUNTS === "on" ? await openSupabase() : undefined;
    const { scrape, watchPool, timeTick, settled } = openMetrics();
    const { legacy, target } = await openBoth(config, entities, context, watchPool);
    const place = await preflightBackup(config, target);
    await preflightGonePolicy(target, entities, config.GONE_POLICY);
    const transport = await openQueue(config, 0, context);
    const settings = { ...settingsOf(config), takesBackups: place !== undefined };
    const deps = {
      entities: inDependencyOrder(entities),
      legacy,
      target,
      transport,
      log,
      settings,
      settled,
      admin,
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
    startDuties(deps, memory, place, closers);
    const purging = purgeUndo(target, config.UNDO_DAYS, log);
    closers.push("purging undo", () => purging.stop());
    const { takesBackups } = settings;
    startHeartbeat(target, { service: "extractor", takesBackups }, log, closers);
    const checks = { target: () => target.query("select 1"), queue: () => transport.ping() };
    const status = await openStatus({ checks, metrics: scrape }, config, closers);
    const facts = { queue: transport.kind, entities: entities.length, backup: config.BACKUP };
    return { ...facts, ...status };
  },
});

/** Not loaded before it is wanted, and its variables are not read. */
async function openSupabase(): Promise<AuthAdmin> {
  const { openAuthAdmin } = await import("@nexus/shared/auth/client");
  const config = parseConfig(supabaseVariables, process.env);
  return openAuthAdmin({
    url: config.SUPABASE_URL,
    serviceRoleKey: config.SUPABASE_SERVICE_ROLE_KEY,
    timeoutMs: config.SUPABASE_TIMEOUT_MS,
  });
}

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
    fingerprints: config.FINGERPRINTS === "on" ? readRelease().mapping : undefined,
    gonePolicies: config.GONE_POLICY,
    sourceLatencyMs: config.SYNC_SOURCE_LATENCY,
    testAccounts: config.TEST_ACCOUNTS,
  };
}
