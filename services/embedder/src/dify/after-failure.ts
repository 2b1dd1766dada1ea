/** What becomes of a content that could not be finished: when it is looked at again, or that it never is. */
import type { Content } from "@nexus/catalog";
import { backoffMs, MAX_ATTEMPTS, wasWellSince } from "@nexus/shared/runtime";
import type { DifyDeps } from "./deps.ts";
import { forgetDataset } from "./datasets.ts";
import { ClaimLost, finish, retry, snooze } from "./documents.ts";
import { DifyFailure, type FailureKind } from "./failures.ts";
import { Postponed } from "./permit.ts";
import { NotYet, type Work } from "./actions.ts";

/** How soon everybody asks again who waits for a person, in milliseconds. */
const PATIENCE_MS = 5_000;

/** Puts it back by its error. Never throws: what cannot even be put back stays claimed, and is found when that has run out. */
export async function afterFailure(
  deps: DifyDeps,
  content: Content,
  work: Work,
  error: unknown,
): Promise<number> {
  try {
    return await byError(deps, content, work, error);
  } catch (cause) {
    deps.log.warn(
      { err: cause, ...factsOf(work) },
      "a document could not be put back, it is found again",
    );
    return PATIENCE_MS;
  }
}

async function byError(
  deps: DifyDeps,
  content: Content,
  work: Work,
  error: unknown,
): Promise<number> {
  if (error instanceof ClaimLost) return 0;
  if (error instanceof DifyFailure) return await FAILURES[error.kind](deps, content, work, error);
  if (error instanceof Postponed) return await later(deps, work, 0, error.ms);
  if (error instanceof NotYet) return await later(deps, work, error.ms, 0);
  if (error instanceof DOMException && error.name === "AbortError")
    return await later(deps, work, 0, 0);
  deps.log.warn({ err: error, ...factsOf(work) }, "a document must wait");
  return await later(deps, work, PATIENCE_MS, PATIENCE_MS);
}

async function later(
  { target }: DifyDeps,
  { claimed }: Work,
  inMs: number,
  restMs: number,
): Promise<number> {
  await snooze(target, claimed.claim, inMs);
  return restMs;
}

type AfterFailure = (
  deps: DifyDeps,
  content: Content,
  work: Work,
  failure: DifyFailure,
) => Promise<number>;

/** What a failure means for the content, by its kind. */
const FAILURES: { readonly [K in FailureKind]: AfterFailure } = {
  throttled: (deps, _content, work) => later(deps, work, 0, deps.settings.ratePauseMs),
  stop: (deps, _content, work, { code }) => {
    deps.log.error({ code }, "Dify refuses every call: a person must look");
    return later(deps, work, 0, PATIENCE_MS);
  },
  closed: (deps, _content, work, { code }) => {
    deps.log.error(
      { code, ...factsOf(work) },
      "a dataset is closed to us: switch its API access on",
    );
    return later(deps, work, 60_000, 0);
  },
  busy: (deps, _content, work) => later(deps, work, deps.settings.pollMs, 0),
  gone: async (deps, _content, work) => {
    const { datasetId } = work.claimed.actual;
    if (datasetId !== null) await forgetDataset(deps.target, datasetId);
    deps.log.warn(factsOf(work), "a dataset is gone, it is made anew");
    return await later(deps, work, 0, 0);
  },
  taken: fail,
  item: fail,
  retry: tryAgain,
};

async function fail(
  { target, log }: DifyDeps,
  content: Content,
  work: Work,
  { code }: DifyFailure,
): Promise<number> {
  log.warn({ code, ...factsOf(work) }, "a content is not in Dify: it was refused");
  await finish(target, content, work.claimed.claim, { version: work.desired.version, code });
  return 0;
}

/**
 * An attempt counts against the content only if Dify answered something else since its last failure: so an outage, however long,
 * fails nothing for good, and a text that breaks Dify holds nobody up for long.
 */
async function tryAgain(
  deps: DifyDeps,
  content: Content,
  work: Work,
  failure: DifyFailure,
): Promise<number> {
  const { target, health, settings, log } = deps;
  const { claim } = work.claimed;
  const counts = wasWellSince(claim, health.answeredAt);
  if (counts && claim.attempts + 1 >= MAX_ATTEMPTS) return await fail(deps, content, work, failure);
  log.warn(
    { code: failure.code, attempt: claim.attempts + 1, ...factsOf(work) },
    "a call to Dify failed",
  );
  const inMs = backoffMs(claim.attempts, settings.retryMs);
  await (counts ? retry : snooze)(target, claim, inMs);
  return 0;
}

function factsOf({ claimed: { claim } }: Work): { contentType: string; contentId: string } {
  return { contentType: claim.contentType, contentId: claim.contentId };
}
