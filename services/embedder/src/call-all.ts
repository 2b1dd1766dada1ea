/** Calls for all claimed texts of a page, side by side as far as the process allows, and gives back what came to nothing. */
import { inCall } from "@nexus/shared/telemetry";
import { type Called, callFor } from "./call.ts";
import type { Deps } from "./deps.ts";
import { type Claim, releaseTexts, type TextState } from "./texts.ts";

type States = ReadonlyMap<string, TextState>;
type Decided = Exclude<TextState, Claim>;

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
  const one = callOne(deps, startBefore, signal);
  const results = await told(deps, claims.length, () =>
    Promise.allSettled(claims.map(({ claim }) => one(claim))),
  );
  const after = new Map(states);
  const undone: Claim[] = [];
  const errors: unknown[] = [];
  for (const [index, { key, claim }] of claims.entries()) {
    const result = results[index];
    if (result?.status === "fulfilled") after.set(key, result.value);
    else errors.push(result?.reason);
    if (after.get(key)?.kind === "waiting" || result?.status !== "fulfilled") undone.push(claim);
  }
  await releaseTexts(deps.target, undone);
  if (errors.length > 0) throw errors[0];
  return after;
}

/** One span for all calls of a page, with what they waited for the budget: at scale 1 a run makes 61,738 of them. */
async function told<T>({ provider }: Deps, texts: number, calls: () => Promise<T>): Promise<T> {
  const facts = { "gen_ai.request.model": provider.model, "nexus.texts": texts };
  return await (texts === 0 ? calls() : inCall({ name: `embeddings ${provider.model}`, facts }, calls));
}

/** A call keeps its lane until its vector is stored: a killed process loses as many vectors as it has lanes, at most. */
function callOne(deps: Deps, startBefore: number, signal: AbortSignal): (claim: Claim) => Promise<Decided> {
  // When one text must wait for the budget, those behind it need not ask.
  let budgetMs = 0;
  const call = async (claim: Claim): Promise<Called> => {
    if (budgetMs > 0 || signal.aborted || performance.now() > startBefore)
      return { kind: "waiting", ms: budgetMs, because: "budget" };
    const called = await callFor(deps, claim, startBefore, signal);
    if (called.kind === "waiting" && called.because === "budget") budgetMs = Math.max(budgetMs, called.ms);
    return called;
  };
  return (claim) =>
    deps.lanes.run(async () => {
      const called = await call(claim);
      if (called.kind !== "embedded") return called;
      await deps.store.store(claim.id, called.embedding);
      return { kind: "stored", id: claim.id };
    });
}
