/** The story of a run: begun, settled, released, dispatched, rid of what is gone, completed; planned beside that. Any number of extractors may tick at once. */
import { activeRun, allSettled, completeRun, type Run } from "@nexus/shared/ledger";
import { failpoint } from "@nexus/shared/runtime";
import { beginRun } from "./begin-run.ts";
import { type Memory, reconcile } from "./reconcile.ts";
import type { Deps } from "./deps.ts";
import { followMoved } from "./follow-moved.ts";
import { lookAround } from "./look-around.ts";
import { dispatch } from "./dispatch.ts";
import { handleGone } from "./gone/handle.ts";
import { releaseParkedRows, releaseTheLast } from "./release-parked.ts";
import { settle } from "./settle.ts";

/** One look at the ledger. Returns the milliseconds until the next: none while there is progress. Throws what failed, after all steps. */
export async function tick(deps: Deps, memory: Memory): Promise<number> {
  const run = await activeRun(deps.target);
  if (run === undefined || run.status === "paused" || run.held) return deps.settings.idleTickMs;
  if (run.status !== "planned") return await moveOn(deps, run, memory);
  return (await beginRun(deps, run, memory.setbacks)) ? 0 : deps.settings.idleTickMs;
}

async function moveOn(deps: Deps, run: Run, memory: Memory): Promise<number> {
  const failures: unknown[] = [];
  const alone = async <T>(step: () => Promise<T>): Promise<T | undefined> =>
    await step().catch((error: unknown) => {
      failures.push(error);
      return undefined;
    });
  const seen = await alone(() => lookAround(deps.target, run.id));
  const settled = await alone(() => settle(deps, run, memory.setbacks, seen));
  if (settled === true) await alone(() => releaseParkedRows(deps, run));
  // Settling may take its time: what was seen before is old by then.
  const fresh = seen?.toSettle.length === 0 ? seen : undefined;
  const dispatched = await alone(() => dispatch(deps, run, fresh));
  await alone(() => reconcile(deps, run, memory));
  const finished = await alone(() => finish(deps, run, memory));
  if (failures.length > 0) throw together(failures);
  if (finished === true) return deps.settings.idleTickMs;
  return settled === true || dispatched === true ? 0 : deps.settings.tickMs;
}

function together(failures: readonly unknown[]): unknown {
  return failures.length === 1 ? failures[0] : new AggregateError(failures, "several steps failed");
}

async function finish(deps: Deps, run: Run, { setbacks }: Memory): Promise<boolean> {
  const { target, log } = deps;
  if (!(await allSettled(target, run.id)) || (await followMoved(deps, run))) return false;
  if (!(await handleGone(deps, run, setbacks))) return false;
  const completed = await completeRun(target, run.id, async (tx) => {
    const released = await releaseTheLast(tx, run);
    failpoint("run.completing");
    return released;
  });
  if (completed) log.info({ runId: run.id }, "run completed");
  return completed;
}
