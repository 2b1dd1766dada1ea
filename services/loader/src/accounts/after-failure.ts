/** What becomes of an account that could not be finished: when it is looked at again, or that it never is. */
import { nextStep } from "@nexus/shared/database";
import { backoffMs, MAX_ATTEMPTS, wasWellSince } from "@nexus/shared/runtime";
import type { Work } from "./actions.ts";
import { AuthFailure, type FailureKind } from "@nexus/shared/auth";
import { ClaimLost, snooze, recordRefused } from "./claims.ts";
import type { AccountDeps } from "./deps.ts";
import { Postponed } from "./permit.ts";

/** How soon everybody asks again who waits for a person or a server, in milliseconds. */
const PATIENCE_MS = 5_000;

/** Puts it back by its error. Never throws: what cannot even be put back stays claimed, and is found when that has run out. Returns for how long everything is left alone. */
export async function afterFailure(deps: AccountDeps, work: Work, error: unknown): Promise<number> {
  try {
    return await byError(deps, work, error);
  } catch (cause) {
    deps.log.warn(
      { err: cause, ...factsOf(work) },
      "an account could not be put back, it is found again",
    );
    return PATIENCE_MS;
  }
}

async function byError(deps: AccountDeps, work: Work, error: unknown): Promise<number> {
  if (error instanceof ClaimLost) return 0;
  if (error instanceof AuthFailure) return await FAILURES[error.kind](deps, work, error);
  if (error instanceof Postponed) return await later(deps, work, error.ms);
  if (nextStep(error) !== "wait")
    deps.log.warn({ err: error, ...factsOf(work) }, "an account must wait");
  return await later(deps, work, PATIENCE_MS);
}

/** Nothing is wrong with it: it is due at once, when everything goes on. */
async function later({ target }: AccountDeps, { claimed }: Work, restMs: number): Promise<number> {
  await snooze(target, [claimed], 0);
  return restMs;
}

type AfterFailure = (deps: AccountDeps, work: Work, failure: AuthFailure) => Promise<number>;

/** What a failure means for the account, by its kind. */
const FAILURES: { readonly [K in FailureKind]: AfterFailure } = {
  throttled: (deps, work, { retryAfterMs }) => later(deps, work, retryAfterMs ?? PATIENCE_MS),
  stop: async ({ target, log }, { claimed }, { code }) => {
    log.error({ code }, "Supabase Auth refuses every call: a person must look");
    // It may be this one alone: the next probe is somebody else's.
    await snooze(target, [claimed], PATIENCE_MS);
    return PATIENCE_MS;
  },
  taken: refuse,
  user: refuse,
  retry: tryAgain,
};

async function refuse(
  { target, log }: AccountDeps,
  work: Work,
  { code }: AuthFailure,
): Promise<number> {
  log.warn({ code, ...factsOf(work) }, "an account was refused");
  await recordRefused(target, work.claimed, code);
  return 0;
}

/**
 * An attempt counts against the account only if Supabase Auth answered something else since its last failure: so an outage, however
 * long, refuses nobody for good, and a hash that breaks Supabase Auth holds nobody up for long.
 */
async function tryAgain(deps: AccountDeps, work: Work, failure: AuthFailure): Promise<number> {
  const { target, health, settings, log } = deps;
  const { claimed } = work;
  const counts = wasWellSince(claimed, health.answeredAt);
  const attempt = claimed.attempts + 1;
  if (counts && attempt >= MAX_ATTEMPTS) return await refuse(deps, work, failure);
  log.warn({ code: failure.code, attempt, ...factsOf(work) }, "a call to Supabase Auth failed");
  await snooze(target, [claimed], backoffMs(claimed.attempts, settings.retryMs), counts ? 1 : 0);
  return 0;
}

function factsOf({ claimed: { legacyId } }: Work): { readonly legacyId: number } {
  return { legacyId };
}
