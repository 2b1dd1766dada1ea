/** What operators ask for begins while nothing else is under way that writes the same rows. */
import type { Queryable } from "../database/pool.ts";
import type { Bounds } from "../database/transaction.ts";
import { openAdoption } from "./adoptions.ts";
import { cutoverInForce } from "./cutovers.ts";
import { openRollback } from "./rollbacks.ts";
import { activeRun } from "./runs.ts";
import { openSync } from "./syncs.ts";

/** A control operation waits for the batches that are being written: longer than a batch takes, shorter than people's patience. */
export const CONTROL_BOUNDS: Bounds = { statementMs: 30_000 };

/** What is under way. */
export type Busy =
  /** `syncId`: the source is followed, so that the next run may begin as soon as this one has ended. */
  | { readonly kind: "run_active"; readonly runId: number; readonly syncId?: number }
  | { readonly kind: "adoption_open"; readonly adoptionId: number }
  | { readonly kind: "rollback_open"; readonly rollbackId: number }
  | { readonly kind: "cutover_open"; readonly cutoverId: number };

/** The target was handed over: people write in it, and what we wrote would overwrite that. */
export interface CutOver {
  readonly kind: "cut_over";
  readonly cutoverId: number;
}

/** The run, adoption, rollback or cut-over that is under way. Under `lockStarts` none begins meanwhile. `own`: the cut-over that asks. */
export async function busyWith(tx: Queryable, own?: number): Promise<Busy | undefined> {
  const run = await activeRun(tx);
  if (run !== undefined) return { kind: "run_active", runId: run.id, ...(await following(tx)) };
  const adoption = await openAdoption(tx);
  if (adoption !== undefined) return { kind: "adoption_open", adoptionId: adoption.id };
  const rollback = await openRollback(tx);
  if (rollback !== undefined) return { kind: "rollback_open", rollbackId: rollback.id };
  const cutover = await cutoverInForce(tx);
  if (cutover?.status !== "open" || cutover.id === own) return undefined;
  return { kind: "cutover_open", cutoverId: cutover.id };
}

async function following(tx: Queryable): Promise<{ readonly syncId?: number }> {
  const sync = await openSync(tx);
  return sync === undefined ? {} : { syncId: sync.id };
}

/** Whether the target was handed over, and that was not withdrawn. */
export async function cutOver(tx: Queryable): Promise<CutOver | undefined> {
  const cutover = await cutoverInForce(tx);
  return cutover?.status === "done" ? { kind: "cut_over", cutoverId: cutover.id } : undefined;
}
