/** One round of the accounts stage: some accounts are claimed, those whom they are for are read from the source, and each is made. */
import { readSourceShape } from "@nexus/shared/database";
import { sourceAtBegin } from "@nexus/shared/ledger";
import { failpoint } from "@nexus/shared/runtime";
import { act, type Work } from "./actions.ts";
import { afterFailure } from "./after-failure.ts";
import { type Claimed, claimDue, snooze } from "./claims.ts";
import type { AccountDeps } from "./deps.ts";
import { type Person, readPeople } from "./read-people.ts";

export interface RoundSettings {
  /** Accounts that are worked on at the same time. */
  readonly calls: number;
  readonly tickMs: number;
}

/** Accounts of a round for each that is worked on at a time: the source is read once for all of them, and they are not claimed for long. */
const EACH = 8;

/** The longest that a round waits for the budget before it looks again, in milliseconds. */
const LONGEST_REST_MS = 5_000;

const NOBODY: Person = { kind: "otherwise" };

/** Returns the milliseconds until the next round: none while there is something to do. */
export async function makeAccounts(
  deps: AccountDeps,
  { calls, tickMs }: RoundSettings,
  signal: AbortSignal,
): Promise<number> {
  const due = await claimDue(deps.target, calls * EACH, deps.settings.claimMs);
  if (due.length === 0) return tickMs;
  failpoint("accounts.claimed");
  const works = await worksOf(deps, due, signal);
  return Math.min(LONGEST_REST_MS, await inLanes(deps, works, calls, signal));
}

/** Throws what the source failed of; then nothing stays claimed. */
async function worksOf(
  deps: AccountDeps,
  due: readonly Claimed[],
  signal: AbortSignal,
): Promise<Work[]> {
  try {
    const people = await peopleOf(deps, due, signal);
    return due.map((claimed) => ({ claimed, person: people(claimed.legacyId) }));
  } catch (error) {
    await snooze(deps.target, due, 0);
    if (signal.aborted) return [];
    throw error;
  }
}

/** The source is asked only for whom an account is to be created. */
async function peopleOf(
  deps: AccountDeps,
  due: readonly Claimed[],
  signal: AbortSignal,
): Promise<(key: number) => Person> {
  const wanted = due.filter(
    ({ state, unwanted, madeBy }) => state === "due" && !unwanted && madeBy === null,
  );
  const keys = wanted.map(({ legacyId }) => legacyId);
  if (keys.length === 0) return () => NOBODY;
  const newest = Math.max(...wanted.map(({ runId }) => runId));
  const shape =
    (await sourceAtBegin(deps.target, newest)) ??
    (await readSourceShape(deps.legacy, deps.settings.zone));
  return await readPeople(deps, shape, keys, signal);
}

/**
 * So many at a time, until none is left, or everything is to be left alone, or it took so long that people may be others by now: then the
 * others are put back. Returns for how long everything is left alone.
 */
async function inLanes(
  deps: AccountDeps,
  works: readonly Work[],
  calls: number,
  signal: AbortSignal,
): Promise<number> {
  const left = [...works];
  let restMs = 0;
  const until = performance.now() + deps.settings.claimMs / 2;
  const lane = async (): Promise<void> => {
    while (restMs === 0 && !signal.aborted && performance.now() < until) {
      const work = left.shift();
      if (work === undefined) return;
      restMs = Math.max(restMs, await made(deps, work));
    }
  };
  await Promise.all(Array.from({ length: calls }, lane));
  await snooze(
    deps.target,
    left.map(({ claimed }) => claimed),
    0,
  );
  return restMs;
}

async function made(deps: AccountDeps, work: Work): Promise<number> {
  try {
    await act(deps, work);
    failpoint("accounts.recorded");
    return 0;
  } catch (error) {
    return await afterFailure(deps, work, error);
  }
}
