/** The databases of a service: opened by its variables, watched, closed with it. */
import type { Entity } from "@nexus/catalog";
import type { LegacySettings, TargetSettings } from "../config/database-variables.ts";
import { UnavailableError } from "../config/failure.ts";
import { readSecret } from "../config/parse.ts";
import { plainTextRisk } from "../config/tls.ts";
import type { Context } from "../runtime/service.ts";
import { pause } from "../runtime/ticker.ts";
import type { Log } from "../telemetry/log.ts";
import type { WatchPool } from "../telemetry/pool-metrics.ts";
import type { Server } from "./attend.ts";
import { letsInLater } from "./failures.ts";
import { openPool, type Pool, type PoolOptions } from "./pool.ts";
import { takesPipelines } from "./pipelining.ts";
import { preflightLegacy } from "./preflight-legacy.ts";
import { preflightTarget } from "./preflight-target.ts";
import { refusalCode } from "./refusals.ts";
import { seeAllOrNone } from "./source-row-security.ts";

type Reaches = Omit<TargetSettings, "TARGET_CONNECTIONS">;

/** The target, not looked at yet. */
export function openTarget(settings: Reaches, context: Context): Pool {
  return open("target", targetOf(settings), context);
}

function targetOf(settings: Reaches): Where {
  const { TARGET_URL: url, TARGET_URL_FILE: file, TARGET_POOL: max } = settings;
  return { url, reread: rereading(file), max };
}

/** Both databases, pipelined if they take that, found fit to move `entities` from one to the other. Throws as the two preflights do. */
export async function openBoth(
  settings: LegacySettings & TargetSettings,
  entities: readonly Entity[],
  context: Context,
  watchPool: WatchPool,
): Promise<{ readonly legacy: Pool; readonly target: Pool }> {
  const { LEGACY_URL: url, LEGACY_URL_FILE: file, LEGACY_POOL: max } = settings;
  const source = { url, reread: rereading(file), max, idleMs: SOURCE_IDLE_MS };
  const legacy = await openPipelined("source", source, context);
  watchPool("legacy", legacy, settings.LEGACY_CONNECTIONS);
  const target = await openPipelined("target", targetOf(settings), context);
  watchPool("target", target, settings.TARGET_CONNECTIONS);
  await onceLetIn(context.log, () => preflightLegacy(legacy, entities, settings));
  if (settings.LEGACY_ROW_SECURITY !== "accept") seeAllOrNone(legacy);
  await onceLetIn(context.log, () => preflightTarget(target, entities));
  return { legacy, target };
}

function rereading(file: string | undefined): (() => string) | undefined {
  return file === undefined ? undefined : () => readSecret(file);
}

/** Milliseconds between two tries to be let in, at first and at most. */
const FIRST_MS = 500;
const LONGEST_MS = 5_000;

/** Looks until the server lets this process in. */
async function onceLetIn<T>(log: Log, look: () => Promise<T>): Promise<T> {
  for (let waitMs = FIRST_MS; ; waitMs = Math.min(2 * waitMs, LONGEST_MS)) {
    try {
      return await look();
    } catch (error) {
      const cause = error instanceof UnavailableError ? error.cause : error;
      if (!letsInLater(cause)) throw error;
      log.warn(
        { code: refusalCode(cause), err: error },
        "a server does not let this process in yet, it waits",
      );
    }
    await pause(waitMs, new AbortController().signal);
  }
}

/** The source may have few connections for all of us: who needs none at the moment keeps none. */
const SOURCE_IDLE_MS = 2_000;

/** What a service asks outside of transactions is of the ledger, and short. */
const SILENCE_MS = 15_000;

type Where = Pick<PoolOptions, "url" | "reread" | "max" | "idleMs" | "pipelined">;

async function openPipelined(server: Server, where: Where, context: Context): Promise<Pool> {
  const name = `nexus-${context.name}`;
  const pipelined = await onceLetIn(context.log, () => takesPipelines({ ...where, name }));
  if (!pipelined)
    context.log.warn(
      { server },
      "a pooler before the server loses answers when several statements are sent at once: each waits for the one before",
    );
  return open(server, { ...where, pipelined }, context);
}

function open(server: Server, where: Where, { name, log, closers }: Context): Pool {
  const onError = (error: Error): void => log.warn({ err: error }, "connection lost");
  const variable = server === "source" ? "LEGACY_URL" : "TARGET_URL";
  for (const { code, says } of plainTextRisk(variable, where.url))
    log.warn({ code, says }, "others may read what is sent");
  const pool = openPool({
    ...where,
    server,
    silenceMs: SILENCE_MS,
    name: `nexus-${name}`,
    onError,
  });
  closers.push(server, () => pool.end());
  return pool;
}
