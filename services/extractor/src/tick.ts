/** The story of a run: begun, planned, pumped, settled, completed. Any number of extractors may tick at once. */
import { activeRun, completeRun, type Run } from "@nexus/shared/ledger";
import { beginRun } from "./begin-run.ts";
import { type Care, releaseArrived, takeCare } from "./care.ts";
import type { Deps } from "./deps.ts";
import { planNext } from "./plan.ts";
import { pump } from "./pump.ts";
import { settle } from "./settle.ts";

/** One look at the ledger. Returns the milliseconds until the next: none while there is progress. */
export async function tick(deps: Deps, care: Care): Promise<number> {
  const run = await activeRun(deps.target);
  if (run === undefined || run.status === "paused") return deps.settings.idleTickMs;
  if (run.status === "planned") return (await beginRun(deps, run)) ? 0 : deps.settings.idleTickMs;
  const settled = await settle(deps, run);
  if (settled) await releaseArrived(deps, run);
  const planned = await planNext(deps, run);
  const pumped = await pump(deps, run);
  await takeCare(deps, run, care);
  if (await finish(deps, run)) return deps.settings.idleTickMs;
  return settled || planned || pumped ? 0 : deps.settings.tickMs;
}

async function finish({ target, log }: Deps, run: Run): Promise<boolean> {
  const completed = await completeRun(target, run.id);
  if (completed) log.info({ runId: run.id }, "run completed");
  return completed;
}
