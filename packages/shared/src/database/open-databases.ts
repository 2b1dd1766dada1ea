/** The databases of a service: opened by its variables, watched, closed with it. */
import type { Entity } from "@nexus/catalog";
import type { LegacySettings, TargetSettings } from "../config/database-variables.ts";
import { plainTextRisk } from "../config/tls.ts";
import type { Context } from "../runtime/service.ts";
import type { WatchPool } from "../telemetry/pool-metrics.ts";
import type { Server } from "./attend.ts";
import { openPool, type Pool, type PoolOptions } from "./pool.ts";
import { preflightLegacy } from "./preflight-legacy.ts";
import { preflightTarget } from "./preflight-target.ts";
import { seeAllOrNone } from "./row-security.ts";

/** The target, not looked at yet. */
export function openTarget({ TARGET_URL, TARGET_POOL }: TargetSettings, context: Context): Pool {
  return open("target", { url: TARGET_URL, max: TARGET_POOL }, context);
}

/** Both databases, found fit to move `entities` from one to the other. Throws as the two preflights do. */
export async function openBoth(
  settings: LegacySettings & TargetSettings,
  entities: readonly Entity[],
  context: Context,
  watchPool: WatchPool,
): Promise<{ readonly legacy: Pool; readonly target: Pool }> {
  const source = { url: settings.LEGACY_URL, max: settings.LEGACY_POOL, idleMs: SOURCE_IDLE_MS };
  const legacy = open("source", source, context);
  watchPool("legacy", legacy);
  const target = openTarget(settings, context);
  watchPool("target", target);
  await preflightLegacy(legacy, entities, settings);
  if (settings.LEGACY_ROW_SECURITY !== "accept") seeAllOrNone(legacy);
  await preflightTarget(target, entities);
  return { legacy, target };
}

/** The source may have few connections for all of us: who needs none at the moment keeps none. */
const SOURCE_IDLE_MS = 2_000;

/** What a service asks outside of transactions is of the ledger, and short. */
const SILENCE_MS = 15_000;

function open(
  server: Server,
  where: Pick<PoolOptions, "url" | "max" | "idleMs">,
  { name, log, closers }: Context,
): Pool {
  const onError = (error: Error): void => log.warn({ err: error }, "connection lost");
  const variable = server === "source" ? "LEGACY_URL" : "TARGET_URL";
  for (const { code, says } of plainTextRisk(variable, where.url))
    log.warn({ code, says }, "others may read what is sent");
  const pool = openPool({ ...where, server, silenceMs: SILENCE_MS, name: `nexus-${name}`, onError });
  closers.push(server, () => pool.end());
  return pool;
}
