/** Calls for all claimed texts of a page, side by side as far as the process allows, and gives back what came to nothing. */
import { failpoint } from "@nexus/shared/runtime";
import { inCall } from "@nexus/shared/telemetry";
import { type Called, callFor } from "./call.ts";
import type { Deps } from "./deps.ts";
import type { Claim, TextState } from "./claim-texts.ts";

type States = ReadonlyMap<string, TextState>;
type Decided = Exclude<TextState, Claim>;

/** What came of a claim: decided, or still under way, because the call takes longer than a page waits for it. */
type Result = Decided | "late";

/**
 * Every text as it stands afterwards: stored, failed or waiting. `startBefore`: no call begins later, by `performance.now()`.
 * Throws what is no failure of the provider, once all claims that came to nothing are given back.
 */
export async function callAll(
  deps: Deps,
  states: States,
  startBefore: number,
  signal: AbortSignal,
): Promise<States> {
  const claims = [...states].flatMap(([key, state]) =>
    state.kind === "claimed" ? [{ key, claim: state }] : [],
  );
  deps.held.hold(claims.map(({ claim }) => claim));
  const one = callOne(deps, startBefore, signal);
  const results = await told(deps, claims.length, () =>
    Promise.allSettled(claims.map(({ claim }) => one(claim))),
  );
  const outcomes = claims.map(({ key, claim }, index) => ({
    key,
    claim,
    state: stateAfter(results[index]),
  }));
  // Of those that are late nothing is known yet: they end their claims by themselves.
  const known = outcomes.filter((_, index) => !isLate(results[index]));
  deps.held.forget(known.filter(({ state }) => state.kind !== "waiting").map(({ claim }) => claim));
  await deps.held.letGo(
    known.filter(({ state }) => state.kind === "waiting").map(({ claim }) => claim),
  );
  for (const result of results) if (result.status === "rejected") throw result.reason;
  return new Map([
    ...states,
    ...outcomes.map(({ key, state }): [string, TextState] => [key, state]),
  ]);
}

function stateAfter(result: PromiseSettledResult<Result> | undefined): Decided {
  if (result?.status !== "fulfilled" || result.value === "late")
    return { kind: "waiting", ms: LATE_MS };
  return result.value;
}

function isLate(result: PromiseSettledResult<Result> | undefined): boolean {
  return result?.status === "fulfilled" && result.value === "late";
}

/** How soon to look again at a text whose call is late. */
const LATE_MS = 1_000;

/** One span for all calls of a page, with what they waited for the budget: at scale 1 a run makes 61,738 of them. */
async function told<T>({ provider }: Deps, texts: number, calls: () => Promise<T>): Promise<T> {
  const facts = { "gen_ai.request.model": provider.model, "nexus.texts": texts };
  return await (texts === 0
    ? calls()
    : inCall({ name: `embeddings ${provider.model}`, facts }, calls));
}

/**
 * A call keeps its place in the semaphore until its vector is stored: a killed process loses as many vectors as it makes calls at once, at
 * most. A page does not wait for a late call. The text of a late call stays claimed, and its answer is counted and kept.
 */
function callOne(
  deps: Deps,
  startBefore: number,
  signal: AbortSignal,
): (claim: Claim) => Promise<Result> {
  // When one text must wait for the budget, those behind it need not ask.
  let budgetMs = 0;
  const call = async (claim: Claim, begun: () => void): Promise<Called> => {
    if (
      budgetMs > 0 ||
      signal.aborted ||
      performance.now() > startBefore ||
      !deps.held.isHeld(claim)
    )
      return { kind: "waiting", ms: budgetMs, because: "budget" };
    const called = await callFor(deps, claim, startBefore, signal, begun);
    if (called.kind === "waiting" && called.because === "budget")
      budgetMs = Math.max(budgetMs, called.ms);
    return called;
  };
  return (claim) =>
    untilLate(deps, claim, (begun) =>
      deps.semaphore.run(async () => {
        const called = await call(claim, begun);
        if (called.kind !== "embedded") return called;
        await deps.store.store(claim.id, called.embedding);
        failpoint("embedder.stored");
        return { kind: "stored", id: claim.id };
      }),
    );
}

/** Waits for a call, but not longer than `callMs` from its beginning. Who is late ends its claim by itself. */
async function untilLate(
  deps: Deps,
  claim: Claim,
  work: (begun: () => void) => Promise<Decided>,
): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  let giveUp: (late: "late") => void = () => undefined;
  const late = new Promise<"late">((resolve) => (giveUp = resolve));
  const working = work(() => (timer = setTimeout(() => giveUp("late"), deps.callMs)));
  const result = await Promise.race([working, late]).finally(() => clearTimeout(timer));
  if (result === "late") void endLate(deps, claim, working);
  return result;
}

async function endLate(
  { held, log }: Deps,
  claim: Claim,
  working: Promise<Decided>,
): Promise<void> {
  try {
    const decided = await working.catch((): Decided => ({ kind: "waiting", ms: 0 }));
    if (decided.kind === "waiting") await held.letGo([claim]);
    else held.forget([claim]);
  } catch (err) {
    log.warn(
      { text: claim.id, err },
      "a late call could not give its text back: its claim will run out",
    );
  }
}
