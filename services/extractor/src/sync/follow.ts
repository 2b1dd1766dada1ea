/** The story of following: while somebody wants it, a delta an interval after the last run began, unless the source is to be spared. */
import { type Client, inTransaction } from "@nexus/shared/database";
import {
  type Busy,
  busyWith,
  type By,
  CONTROL_BOUNDS,
  lockStarts,
  lockSync,
  openProof,
  openSync,
  recordDeltaOf,
  recordSpeed,
  runToVerify,
  type StartRefusal,
  startRunIn,
  stopSync,
  stuckIn,
  type Sync,
  takeUnbegun,
} from "@nexus/shared/ledger";
import { failpoint } from "@nexus/shared/runtime";
import type { Deps } from "../deps.ts";
import { sourceSpeed } from "./source-speed.ts";

/** Milliseconds between two looks at the source, before a delta and while one runs. */
const LOOK_MS = 1_000;

/** One round. Of two extractors, one begins a delta. Returns the milliseconds until the next. */
export async function follow(deps: Deps): Promise<number> {
  const { idleTickMs } = deps.settings;
  const sync = await openSync(deps.target);
  if (sync === undefined) return idleTickMs;
  if (await needsPerson(deps, sync)) return 0;
  if (!sync.due && !sync.running) return idleTickMs;
  if (!sync.measured) await lookAtSource(deps, sync);
  if (sync.due && !sync.running) await beginDelta(deps);
  return LOOK_MS;
}

/** Measures, and pauses or goes on as that says. What is on offer is taken back afterwards: whoever holds a batch must not keep the pause from being known. */
async function lookAtSource(deps: Deps, { id, asked, runId, running }: Sync): Promise<void> {
  const { sourceLatencyMs: limitMs = Infinity } = deps.settings;
  if (limitMs === Infinity) return;
  const followed = deps.entities.filter(
    ({ name }) => (asked.entities?.includes(name) ?? true) && !asked.skip?.includes(name),
  );
  const ms = await sourceSpeed({ ...deps, entities: followed }, limitMs);
  const changed = await inTransaction(
    deps.target,
    async (tx) => {
      const sync = await lockSync(tx);
      if (sync?.id !== id) return undefined;
      const changed = await recordSpeed(tx, sync, { ms, limitMs });
      if (changed) failpoint("sync.paused");
      return changed ? sync : undefined;
    },
    CONTROL_BOUNDS,
  );
  if (ms > limitMs && running && runId !== null) await takeUnbegun(deps.target, runId);
  if (changed === undefined) return;
  const facts = { sync: id, sourceMs: Math.round(ms), limitMs };
  if (changed.paused) deps.log.info(facts, "the source answers fast enough again: deltas go on");
  else deps.log.warn(facts, "the source answers too slowly: deltas wait");
}

/** Begins the next delta, if nothing else is under way. */
async function beginDelta(deps: Deps): Promise<void> {
  const catalog = deps.entities.map(({ name }) => name);
  const done = await inTransaction(
    deps.target,
    async (tx) => {
      await lockStarts(tx);
      const sync = await lockSync(tx);
      if (sync === undefined || !sync.due || sync.paused || (await isBusy(tx))) return undefined;
      const { id, actor, reason, asked } = sync;
      const delta = { ...asked, mode: "delta", newBill: false } as const;
      const started = await startRunIn(tx, delta, { actor, reason }, catalog);
      if (started.kind !== "started") return await refused(tx, id, started);
      await recordDeltaOf(tx, id, started.runId);
      failpoint("sync.begun");
      return { sync: id, runId: started.runId };
    },
    CONTROL_BOUNDS,
  );
  if (done === undefined) return;
  if ("code" in done) deps.log.error(done, ENDED);
  else deps.log.info(done, "a delta was begun, as the source is followed");
}

const ENDED = "the source is followed no more: a person must look";

/** Whatever an operator asked for goes first, and so does the verification of the run before. */
async function isBusy(tx: Client): Promise<boolean> {
  if ((await busyWith(tx)) !== undefined || (await openProof(tx)) !== undefined) return true;
  return (await runToVerify(tx)) !== undefined;
}

const BUSY: readonly Busy["kind"][] = [
  "run_active",
  "adoption_open",
  "rollback_open",
  "cutover_open",
];

/** `target_unfit`: somebody's bulk load, until it is over. */
const PASSES: readonly StartRefusal["kind"][] = [...BUSY, "target_unfit"];

/** What does not pass by itself needs a person: then it ends the following. */
async function refused(
  tx: Client,
  sync: number,
  { kind: code }: StartRefusal,
): Promise<{ sync: number; code: string } | undefined> {
  if (PASSES.includes(code)) return undefined;
  await stopSync(tx, code, by(null));
  return { sync, code };
}

function by(reason: string | null): By {
  return { actor: "extractor", reason };
}

/** A delta that comes to no end without a person ends the following: what comes after it would only wait. */
async function needsPerson(
  { target, log, entities }: Deps,
  { runId, running }: Sync,
): Promise<boolean> {
  if (!running || runId === null || (await stuckIn(target, runId, entities)) === undefined)
    return false;
  const stopped = await inTransaction(target, async (tx) => {
    await lockStarts(tx);
    const sync = await lockSync(tx);
    const stuck = sync?.runId === runId ? await stuckIn(tx, runId, entities) : undefined;
    if (sync === undefined || stuck === undefined) return undefined;
    const { entity, errorCode } = stuck;
    const code = errorCode ?? "entity_blocked";
    await stopSync(tx, code, by(`${entity} is blocked in run ${runId}`));
    return { sync: sync.id, runId, entity, code };
  });
  if (stopped !== undefined) log.error(stopped, ENDED);
  return stopped !== undefined;
}
