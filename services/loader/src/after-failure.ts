/** What becomes of a batch that was not written: nothing is lost, and nothing is tried for ever. */
import { StartFailure } from "@nexus/shared/config";
import {
  connectionBroke,
  errorCode,
  nextStep,
  type NextStep,
  OF_ABSENCE,
  type Queryable,
  refusalCode,
  serverOf,
} from "@nexus/shared/database";
import {
  type ClaimedBatch,
  failBatch,
  releaseBatch,
  retryBatch,
  SHUT_OUT_MS,
  snoozeBatch,
} from "@nexus/shared/ledger";
import type { Handled, LoadJob } from "@nexus/shared/queue";
import { backoffMs, MAX_ATTEMPTS, pause } from "@nexus/shared/runtime";
import { BREAKS_CONNECTION, HOPELESS } from "./breakers.ts";
import type { Deps } from "./deps.ts";

type Snoozer = Pick<Deps, "target" | "log" | "patience">;

/** Milliseconds until a server that is away is tried again, at first, and until the ledger is told what it could not be told. */
const AWAY_MS = 2_000;
const TELL_MS = 5_000;

/** Milliseconds that a batch whose connection broke waits at most. */
const LONGEST_MS = 30_000;

/** The gate closed while the batch was read: it is planned again, and offered when its parents are settled. The attempt was none. */
export async function snoozeShutOut({ target }: Snoozer, batch: ClaimedBatch): Promise<Handled> {
  await snoozeBatch(target, batch.id, batch.generation, { delayMs: SHUT_OUT_MS, errorCode: null });
  return { kind: "done" };
}

/** The batch stays queued, and the attempt does not count: this process is shutting down. */
export async function release(
  { target }: Snoozer,
  batch: ClaimedBatch,
  handled: Handled,
): Promise<Handled> {
  await releaseBatch(target, batch.id, batch.generation);
  return handled;
}

/** The ledger cannot be asked: the job comes back later, and nothing was counted. */
export function snoozeJob(
  { patience, log }: Snoozer,
  { batch, entity }: LoadJob,
  error: unknown,
): Handled {
  const step = nextStep(error);
  if (step !== "wait" && step !== "retry") throw error;
  const code = refusalCode(error);
  const facts = { batch, entity, code, err: error };
  if (step === "wait" && !connectionBroke(error) && !CROSSED.test(code))
    return { kind: "later", ms: Math.max(AWAY_MS, patience.refused("target", code, facts)) };
  log.warn(facts, "the ledger could not be asked, the job waits");
  return { kind: "later", ms: jittered(AWAY_MS) };
}

/** After an error: again later while that can help, else failed for good. */
export async function afterFailure(
  deps: Snoozer,
  batch: ClaimedBatch,
  error: unknown,
  signal: AbortSignal,
): Promise<Handled> {
  const { target, log } = deps;
  const step = stepAfter(error);
  const code = step === "wait" ? refusalCode(error) : codeOf(error);
  const facts = {
    batch: batch.id,
    entity: batch.entity,
    attempt: batch.attempts,
    code,
    err: error,
  };
  const hopeless = connectionBroke(error) && (await isHopeless(deps, batch));
  if (step === "wait" && !hopeless) {
    const again = later(deps, batch, error, facts);
    await whenReachable(() => snoozeBatch(target, batch.id, batch.generation, again), signal);
  } else if (step === "retry" && batch.attempts < MAX_ATTEMPTS) {
    log.warn(facts, "batch will be tried again");
    const again = { delayMs: backoffMs(batch.attempts), errorCode: code };
    await whenReachable(() => retryBatch(target, batch.id, batch.generation, again), signal);
  } else {
    log.error(facts, "batch failed");
    const reason = step === "wait" ? BREAKS_CONNECTION : code;
    await whenReachable(() => failBatch(target, batch.id, batch.generation, reason), signal);
  }
  return { kind: "done" };
}

/** What the source had when the run began, and has not now, is like a server that is away: nothing is wrong with the batch. */
function stepAfter(error: unknown): NextStep {
  const absent = serverOf(error) === "source" && OF_ABSENCE.test(errorCode(error) ?? "");
  return absent ? "wait" : nextStep(error);
}

/** What cannot be asked is not decided. */
async function isHopeless(
  { target }: Snoozer,
  { id, runId, breaks }: ClaimedBatch,
): Promise<boolean> {
  return breaks + 1 >= HOPELESS && (await othersGetThrough(target, runId, id).catch(() => false));
}

/**
 * Whether a batch whose connection breaks is alone with that: another one of its run was finished in the last two minutes, or none
 * is in trouble. A network that lets nobody through is no batch's fault.
 */
async function othersGetThrough(db: Queryable, runId: number, batch: number): Promise<boolean> {
  const found = await db.query<{ through: boolean }>(
    `select exists (select from migration.batches
         where run_id = $1 and id <> $2 and status = 'done' and finished_at > now() - interval '2 min')
       or not exists (select from migration.batches
         where run_id = $1 and id <> $2 and status in ('planned', 'queued') and error_code is not null) as through`,
    [runId, batch],
  );
  return found.rows[0]?.through ?? false;
}

function codeOf(error: unknown): string {
  return errorCode(error) ?? (error instanceof StartFailure ? "configuration" : "defect");
}

/** Transactions that got in each other's way: at once again, but not at the same time. */
const CROSSED = /^40/;

/**
 * Nothing is wrong with the batch, as far as is known: the attempt is given back. A connection that broke under it is remembered:
 * a poison batch breaks each one, while others get through. What a server refuses to everybody holds everybody up.
 */
function later(
  { patience, log }: Snoozer,
  { breaks }: ClaimedBatch,
  error: unknown,
  facts: { readonly code: string },
): Parameters<typeof snoozeBatch>[3] {
  const { code } = facts;
  const again = { errorCode: code };
  const server = serverOf(error) ?? "target";
  if (connectionBroke(error)) {
    log.warn(
      { ...facts, server, breaks: breaks + 1 },
      "the connection broke under a batch, it waits",
    );
    return {
      ...again,
      delayMs: jittered(Math.min(LONGEST_MS, backoffMs(breaks, 500))),
      broke: true,
    };
  }
  if (CROSSED.test(code)) {
    log.warn({ ...facts, server }, "transactions got in each other's way, the batch waits");
    return { ...again, delayMs: jittered(500) };
  }
  return { ...again, delayMs: jittered(patience.refused(server, code, facts)) };
}

/** Of those that broke together none shall be tried at the same moment as the one that broke them. */
function jittered(ms: number): number {
  return Math.ceil(ms * (0.5 + Math.random()));
}

/** The server that is away may be the target itself: the ledger is told when it is back, so that no attempt is lost. */
async function whenReachable(tell: () => Promise<void>, signal: AbortSignal): Promise<void> {
  for (let waitMs = AWAY_MS / 2; ; waitMs = Math.min(2 * waitMs, TELL_MS)) {
    try {
      return await tell();
    } catch (error) {
      if (nextStep(error) !== "wait" || signal.aborted) throw error;
    }
    await pause(waitMs, signal);
  }
}
