import { entities } from "@nexus/catalog";
import { stallInWords } from "@nexus/contract";
import type { Queryable } from "@nexus/shared/database";
import { findStall } from "@nexus/shared/ledger";
import { type Finding, wrong } from "./finding.ts";

/** What to do about a run that stands still: the other findings, if there are any, say why. */
export const STALLED_NEXT =
  "start what is not there; else mend what the error names: the run goes on by itself; the services' logs say more";

/** A run that should move and does not is always a finding, whatever the cause. */
export async function examineStall(tx: Queryable, runId: number): Promise<Finding[]> {
  const stall = await findStall(tx, runId, entities);
  if (stall === undefined) return [];
  return [wrong("run", "run_stalled", `run ${runId}: ${stallInWords(stall)}`, STALLED_NEXT)];
}
