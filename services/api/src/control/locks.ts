/** The order in which control operations lock: the run, its entities in their order, its batches by id. Loaders lock only their batch. */
import type { Bounds, Queryable } from "@nexus/shared/database";
import {
  activeRun,
  findRun,
  lockRun,
  openAdoption,
  openRollback,
  type Run,
} from "@nexus/shared/ledger";
import { activeRunStatuses } from "@nexus/shared/states";
import type { Refusal } from "./refusals.ts";

/** A control operation waits for the batches that are being written: longer than a batch takes, shorter than people's patience. */
export const CONTROL_BOUNDS: Bounds = { statementMs: 30_000 };

/** Locks a run and its entities, and reads it as it is under the lock. */
export async function lockedRun(tx: Queryable, id: number): Promise<Run | undefined> {
  await lockRun(tx, id);
  return await findRun(tx, id);
}

/** Locks the active run and its entities. Undefined when there is none, or it ended before it could be locked. */
export async function lockedActiveRun(tx: Queryable): Promise<Run | undefined> {
  const active = await activeRun(tx);
  const run = active === undefined ? undefined : await lockedRun(tx, active.id);
  return run !== undefined && activeRunStatuses.includes(run.status) ? run : undefined;
}

/** The refusal while a run, an adoption or a rollback is under way. Under `lockStarts` neither begins meanwhile. */
export async function busyWith(tx: Queryable): Promise<Refusal | undefined> {
  const run = await activeRun(tx);
  if (run !== undefined) return { kind: "run_active", runId: run.id };
  const adoption = await openAdoption(tx);
  if (adoption !== undefined) return { kind: "adoption_open", adoptionId: adoption.id };
  const rollback = await openRollback(tx);
  return rollback && { kind: "rollback_open", rollbackId: rollback.id };
}
