/** Rolls up the counts of finished batches, beside everything else: settling a large entity takes seconds, and people look on. */
import { activeRun, entitiesIn, rollUpCounts } from "@nexus/shared/ledger";
import { failpoint } from "@nexus/shared/runtime";
import type { Deps } from "./deps.ts";

/** What people see is two seconds old at most: this is half a second of it. */
const ROLL_UP_MS = 500;
/** Of the time, at most a quarter is spent on it: with 100,000 batches, all open, a round took 130 to 330 ms on a busy machine. */
const REST = 3;

/** One round. Returns the milliseconds until the next. */
export async function rollUp({ target }: Pick<Deps, "target">): Promise<number> {
  const began = performance.now();
  const run = await activeRun(target);
  if (run !== undefined)
    await rollUpCounts(target, run.id, await entitiesIn(target, run.id, ["loading", "settling"]));
  failpoint("rollup.done");
  return Math.max(ROLL_UP_MS, REST * (performance.now() - began));
}
