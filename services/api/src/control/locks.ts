/** The order in which control operations lock: the run, its entities in their order, its batches by id. Loaders lock only their batch. */
import type { Queryable } from "@nexus/shared/database";
import { activeRun, findRun, lockRun, type Run } from "@nexus/shared/ledger";
import { activeRunStatuses } from "@nexus/shared/states";

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
