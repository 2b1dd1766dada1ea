/** What becomes of a batch that was not written: nothing is lost, and nothing is tried for ever. */
import { StartFailure } from "@nexus/shared/config";
import { errorCode, nextStep, serverOf } from "@nexus/shared/database";
import {
  type ClaimedBatch,
  failBatch,
  handBack,
  MAX_ATTEMPTS,
  returnAttempt,
  SHUT_OUT_MS,
} from "@nexus/shared/ledger";
import type { Handled, LoadJob } from "@nexus/shared/queue";
import { pause } from "@nexus/shared/runtime";
import type { Deps } from "./deps.ts";

type Giver = Pick<Deps, "target" | "log">;

/** Milliseconds until a server that is away is tried again. */
const AWAY_MS = 2_000;

/** The gate closed while the batch was read: it is planned again, and offered when its parents are settled. The attempt was none. */
export async function shutOut({ target }: Giver, batch: ClaimedBatch): Promise<Handled> {
  const back = { attempt: "returned", delayMs: SHUT_OUT_MS, errorCode: null } as const;
  await handBack(target, batch.id, batch.generation, back);
  return { kind: "done" };
}

/** The batch stays on offer and the attempt does not count: this process is shutting down. */
export async function giveUpAttempt(
  { target }: Giver,
  batch: ClaimedBatch,
  handled: Handled,
): Promise<Handled> {
  await returnAttempt(target, batch.id, batch.generation);
  return handled;
}

/** The ledger cannot be asked: the job comes back later, and nothing was counted. */
export function comeBack({ log }: Giver, { batch, entity }: LoadJob, error: unknown): Handled {
  if (nextStep(error) !== "wait") throw error;
  log.warn({ batch, entity, code: errorCode(error), err: error }, "the target is away, the job waits");
  return { kind: "later", ms: AWAY_MS };
}

/** After an error: again later while that can help, else failed for good. */
export async function giveBack(
  { target, log }: Giver,
  batch: ClaimedBatch,
  error: unknown,
  signal: AbortSignal,
): Promise<Handled> {
  const code = errorCode(error) ?? (error instanceof StartFailure ? "configuration" : "defect");
  const facts = {
    batch: batch.id,
    entity: batch.entity,
    attempt: batch.attempts,
    code,
    server: serverOf(error),
    err: error,
  };
  const step = nextStep(error);
  if (step === "wait") {
    log.warn(facts, "a server is away, the batch waits");
    const back = { attempt: "returned", delayMs: AWAY_MS, errorCode: code } as const;
    await whenReachable(() => handBack(target, batch.id, batch.generation, back), signal);
  } else if (step === "retry" && batch.attempts < MAX_ATTEMPTS) {
    log.warn(facts, "batch will be tried again");
    const back = { attempt: "spent", delayMs: 250 * 2 ** batch.attempts, errorCode: code } as const;
    await whenReachable(() => handBack(target, batch.id, batch.generation, back), signal);
  } else {
    log.error(facts, "batch failed");
    await whenReachable(() => failBatch(target, batch.id, batch.generation, code), signal);
  }
  return { kind: "done" };
}

/** The server that is away may be the target itself: the ledger is told when it is back, so that no attempt is lost. */
async function whenReachable(tell: () => Promise<void>, signal: AbortSignal): Promise<void> {
  for (;;) {
    try {
      return await tell();
    } catch (error) {
      if (nextStep(error) !== "wait" || signal.aborted) throw error;
    }
    await pause(AWAY_MS / 2, signal);
  }
}
