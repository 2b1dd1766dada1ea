/** One round of the Dify consumer: takes in what is offered, and works on what is due. */
import { failpoint } from "@nexus/shared/runtime";
import { advance } from "./advance.ts";
import type { DifyDeps } from "./deps.ts";
import { claimDue } from "./documents.ts";
import { takeIn } from "./intake.ts";

export interface RoundSettings {
  /** Contents that are worked on at the same time, of those that Dify is indexing and of all others each. */
  readonly calls: number;
  readonly tickMs: number;
}

/** The longest that a round waits for the budget before it looks again, in milliseconds. */
const LONGEST_REST_MS = 5_000;

/** Returns the milliseconds until the next round: none while there is something to do. */
export async function consume(
  deps: DifyDeps,
  { calls, tickMs }: RoundSettings,
  signal: AbortSignal,
): Promise<number> {
  const waited = await takeIn(deps.target);
  for (const seconds of waited) deps.consumed(seconds);
  if (waited.length > 0) failpoint("dify.taken");
  const due = await claimDue(deps.target, calls, deps.settings.claimMs);
  if (due.length === 0) return waited.length > 0 ? 0 : tickMs;
  failpoint("dify.claimed");
  const rests = await Promise.all(due.map((claimed) => advance(deps, claimed, signal)));
  // The next permit is for one of them: whoever waited for the last would let the others' pass.
  const waits = rests.filter((ms) => ms > 0);
  return waits.length === 0 ? 0 : Math.min(LONGEST_REST_MS, ...waits);
}
