/** The story of a backup: an entity that is about to be written is dumped first, by one extractor, which holds a claim on it. */
import { hostname } from "node:os";
import { entities, entityNamed } from "@nexus/catalog";
import {
  type BackupPlace,
  errorCode,
  inTransaction,
  mayPass,
  serverVersion,
  urlOf,
} from "@nexus/shared/database";
import {
  claimBackup,
  entitiesToBackUp,
  failBackup,
  finishBackup,
  type HeldBackup,
  renewBackup,
  yieldBackup,
} from "@nexus/shared/ledger";
import { failpoint } from "@nexus/shared/runtime";
import type { Deps } from "../deps.ts";
import { dump } from "./dump.ts";
import { type BackupCode, BackupFailure, failureOfFile } from "./failures.ts";
import { tablesWithHiddenRows } from "./hidden-rows.ts";
import { openStore, type Store } from "./store.ts";
import { tablesOf } from "./tables-of.ts";

/** Milliseconds between two renewals of a claim. */
const RENEW_MS = 5_000;

/**
 * One look for an entity whose backup is wanted. Returns the milliseconds until the next. A backup that fails keeps its entity closed,
 * with a code, until a later try is done, and with the last try blocks it; when this process stops, whoever takes it begins it anew.
 */
export async function takeBackup(deps: Deps, place: BackupPlace): Promise<number> {
  const held = await claimNext(deps);
  if (held === undefined) return deps.settings.idleTickMs;
  const lost = new AbortController();
  const renewing = setInterval(() => void renew(deps, held, lost), RENEW_MS);
  try {
    await carryOut(deps, place, held, AbortSignal.any([deps.signal, lost.signal]));
  } catch (error) {
    if (!lost.signal.aborted) await giveUp(deps, held, error);
  } finally {
    clearInterval(renewing);
  }
  return 0;
}

async function claimNext({ target, entities: all }: Deps): Promise<HeldBackup | undefined> {
  for (const waiting of await entitiesToBackUp(target)) {
    const entity = entityNamed(entities, waiting.entity);
    const tables = tablesOf(entity, all);
    const held = await claimBackup(target, waiting, Object.keys(entity.parents), tables);
    if (held !== undefined) return held;
  }
  return undefined;
}

async function renew({ target, log }: Deps, held: HeldBackup, lost: AbortController) {
  try {
    if (!(await renewBackup(target, held))) lost.abort();
  } catch (error) {
    log.warn({ err: error, ...factsOf(held) }, "the claim on a backup was not renewed");
  }
}

async function carryOut(
  deps: Deps,
  place: BackupPlace,
  held: HeldBackup,
  signal: AbortSignal,
): Promise<void> {
  const { target, log, entities: all } = deps;
  failpoint("backup.claimed");
  const startedAt = performance.now();
  const tables = tablesOf(entityNamed(entities, held.entity), all);
  if ((await tablesWithHiddenRows(target, tables)).length > 0)
    throw new BackupFailure("backup_rows_hidden");
  const { text: version } = await serverVersion(target);
  const store = await openStoreOf(place, held);
  const { silenceMs } = place;
  const dumped = await dump({ url: urlOf(target), tables, store, silenceMs, signal });
  failpoint("backup.dumped");
  const { keptBy, file } = store;
  const durationMs = performance.now() - startedAt;
  const kept = { keptBy, file, host: hostname(), ...dumped, durationMs, serverVersion: version };
  // The name is given under the lock of the ledger's row: who has lost the claim gives none.
  await publishing(store, () =>
    inTransaction(target, async (tx) => {
      await finishBackup(tx, held, kept);
      failpoint("backup.finished");
      await store.publish();
      failpoint("backup.published");
    }),
  );
  failpoint("backup.taken");
  log.info({ ...factsOf(held), bytes: kept.bytes, ms: Math.round(durationMs) }, "backup taken");
}

async function openStoreOf(place: BackupPlace, { runId, entity, begun, claim }: HeldBackup) {
  try {
    return await openStore(place, { name: `run-${runId}-${entity}-${begun}.dump`, claim });
  } catch (error) {
    throw failureOfFile(error) ?? error;
  }
}

async function publishing(store: Store, publish: () => Promise<void>): Promise<void> {
  try {
    await publish();
  } catch (error) {
    await store.abandon();
    throw failureOfFile(error) ?? error;
  }
}

/** A target that is away from pg_dump is nobody's fault: it is tried again for as long as that lasts. */
const AWAY: BackupCode = "backup_server_away";

async function giveUp(deps: Deps, held: HeldBackup, error: unknown): Promise<void> {
  const { target, log, signal } = deps;
  const named = error instanceof BackupFailure;
  if (signal.aborted || (!named && mayPass(error))) {
    await yieldBackup(target, held);
    throw error;
  }
  const code = named ? error.code : (errorCode(error) ?? "defect");
  if (code === "backup_lost") return;
  const counts = code !== AWAY;
  const again = await inTransaction(target, (tx) => failBackup(tx, held, { code, counts }));
  const said = again
    ? "a backup failed, and is tried again later"
    : "a backup failed too often: its entity is blocked";
  log.error({ ...factsOf(held), code, err: error }, said);
}

function factsOf({ runId, entity }: HeldBackup) {
  return { runId, entity };
}
