/** One call: budget, provider, store. What a failure means for the text is decided here. */
import type { Pool } from "@nexus/shared/database";
import type { Budget, CallOutcome, Reservation } from "@nexus/shared/ledger";
import {
  type Embedding,
  EmbeddingFailure,
  type FailureKind,
  type Provider,
  TOO_LONG,
} from "@nexus/shared/embedding";
import type { Log } from "@nexus/shared/telemetry";
import { backoffMs, MAX_ATTEMPTS, pause, wasWellSince, failpoint } from "@nexus/shared/runtime";
import { type Claim, markTextFailed, countFailedAttempt } from "./claim-texts.ts";

export interface Caller {
  readonly target: Pool;
  readonly provider: Provider;
  readonly budget: Budget;
  readonly log: Log;
  /** By `performance.now()`: when the provider last answered this process, and until when the pool is paused, as far as it knows. */
  readonly health: { answeredAt: number; pausedUntil: number };
}

/** What came of a call. `waiting`: nothing; the text is to be tried again, and not before so many milliseconds. */
export type Called =
  | { readonly kind: "embedded"; readonly embedding: Embedding }
  | { readonly kind: "failed"; readonly code: string }
  | { readonly kind: "waiting"; readonly ms: number; readonly because: "budget" | "text" };

/** With a paused pool a process looks again after so many milliseconds at most: another's probe may have opened it. */
const LONGEST_REST_MS = 5_000;

/** Calls for a claimed text if the budget lets it. `startBefore`, by `performance.now()`: after that the page has waited too long. `begun`: told when the call begins. */
export async function callFor(
  caller: Caller,
  claim: Claim,
  startBefore: number,
  signal: AbortSignal,
  begun: () => void,
): Promise<Called> {
  const granted = await waitForBudget(caller, claim, startBefore, signal);
  if ("ms" in granted) return { kind: "waiting", ms: granted.ms, because: "budget" };
  begun();
  try {
    const embedding = await caller.provider.embed(claim.text, signal);
    caller.health.answeredAt = performance.now();
    failpoint("embedder.answered");
    await caller.budget.record(granted, { kind: "used", tokens: embedding.tokens });
    return { kind: "embedded", embedding };
  } catch (error) {
    if (error instanceof EmbeddingFailure) {
      const record: Record = (outcome) => caller.budget.record(granted, outcome);
      return await FAILURES[error.kind](caller, claim, error, record, signal);
    }
    // Broken off by a shutdown: spent, like the call of a process that was killed.
    if (signal.aborted) return { kind: "waiting", ms: 0, because: "budget" };
    throw error;
  }
}

/** Short waits are waited for; for long ones, or with a pool that is paused, the text goes back. */
async function waitForBudget(
  { budget, provider, health }: Caller,
  { text }: Claim,
  startBefore: number,
  signal: AbortSignal,
): Promise<Reservation | { readonly ms: number }> {
  const tokens = provider.estimateTokens(text);
  while (!signal.aborted) {
    const grant = await budget.reserve(tokens);
    if (grant.kind === "granted") return grant.reservation;
    if (grant.kind === "paused") {
      health.pausedUntil = performance.now() + Math.min(grant.retryMs, LONGEST_REST_MS);
      return { ms: grant.retryMs };
    }
    if (performance.now() + grant.ms > startBefore) return { ms: Math.min(grant.ms, 1_000) };
    await pause(grant.ms, signal);
  }
  return { ms: 0 };
}

type Record = (outcome: CallOutcome) => Promise<void>;

/** What a failure means, by its kind. */
const FAILURES: {
  readonly [K in FailureKind]: (
    caller: Caller,
    claim: Claim,
    failure: EmbeddingFailure,
    record: Record,
    signal: AbortSignal,
  ) => Promise<Called>;
} = {
  throttled: async (_caller, _claim, { retryAfterMs }, record) => {
    await record({ kind: "throttled", retryAfterMs });
    return { kind: "waiting", ms: retryAfterMs ?? 500, because: "budget" };
  },
  stop: async ({ log }, _claim, { code }, record) => {
    log.error({ code }, "the provider refuses every call: a person must look");
    await record({ kind: "stopped", code });
    return { kind: "waiting", ms: 5_000, because: "budget" };
  },
  item: async (caller, claim, failure, record) => {
    const code = failure.tooLong ? TOO_LONG : failure.code;
    caller.health.answeredAt = performance.now();
    await record({ kind: "rejected" });
    await markTextFailed(caller.target, claim, code);
    return { kind: "failed", code };
  },
  retry: tryAgain,
};

/**
 * An attempt counts against the text only if the provider is well: if it answered something else since the text's last failure, or
 * answers now. So an outage, however long, condemns nothing, and a text that breaks the provider holds nobody up for long.
 */
async function tryAgain(
  caller: Caller,
  claim: Claim,
  { code }: EmbeddingFailure,
  record: Record,
  signal: AbortSignal,
): Promise<Called> {
  const proof = wasWellSince(claim, caller.health.answeredAt)
    ? "seen"
    : await answers(caller, signal);
  await record(typeof proof === "number" ? { kind: "used", tokens: proof } : { kind: "failed" });
  if (proof === "none") return { kind: "waiting", ms: 1_000, because: "budget" };
  caller.log.warn({ text: claim.id, attempt: claim.attempts + 1, code }, "a text was not embedded");
  if (claim.attempts + 1 >= MAX_ATTEMPTS) {
    await markTextFailed(caller.target, claim, code);
    return { kind: "failed", code };
  }
  const ms = backoffMs(claim.attempts);
  await countFailedAttempt(caller.target, claim, ms);
  return { kind: "waiting", ms, because: "text" };
}

/** Calls with a harmless word. The tokens that it cost, or `none` without an answer. */
async function answers(caller: Caller, signal: AbortSignal): Promise<number | "none"> {
  try {
    const { tokens } = await caller.provider.embed("tooth", signal);
    caller.health.answeredAt = performance.now();
    return tokens;
  } catch {
    return "none";
  }
}
