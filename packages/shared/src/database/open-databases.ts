/** The databases of a service: opened by its variables, watched, closed with it. */
import type { Entity } from "@nexus/catalog";
import type { LegacySettings, TargetSettings } from "../config/database-variables.ts";
import type { Context } from "../runtime/service.ts";
import type { WatchPool } from "../telemetry/pool-metrics.ts";
import { openPool, type Pool, type PoolOptions } from "./pool.ts";
import { preflightLegacy } from "./preflight-legacy.ts";
import { preflightTarget } from "./preflight-target.ts";

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
  const legacy = open("legacy", { url: settings.LEGACY_URL, max: settings.LEGACY_POOL }, context);
  watchPool("legacy", legacy);
  const target = openTarget(settings, context);
  watchPool("target", target);
  await preflightLegacy(legacy, entities);
  await preflightTarget(target, entities);
  return { legacy, target };
}

function open(
  server: string,
  where: Pick<PoolOptions, "url" | "max">,
  { name, log, closers }: Context,
): Pool {
  const onError = (error: Error): void => log.warn({ err: error }, "connection lost");
  const pool = openPool({ ...where, name: `nexus-${name}`, onError });
  closers.push(server, () => pool.end());
  return pool;
}
