/** What an operator may do with a run: pause, resume, cancel, waive. Each is one transaction with a line in the audit log. */
import { entities } from "@nexus/catalog";
import { inTransaction, type Pool, type Queryable } from "@nexus/shared/database";
import {
  backupIsGivenUp,
  bringAllBack,
  type By,
  cancelBatches,
  cancelEntities,
  CONTROL_BOUNDS,
  entitiesIn,
  markRunCancelled,
  markRunPaused,
  markRunResumed,
  recordAudit,
  rollUpCounts,
  type Run,
  takeFromQueue,
  unknownAmong,
  waiveEntity,
  waiveLosses,
  writeWithoutBackup,
} from "@nexus/shared/ledger";
import {
  before,
  entityArrows,
  type EntityStatus,
  runArrows,
  type RunStatus,
  statusesOf,
} from "@nexus/shared/states";
import { and, eq, query, read, runEntities } from "@nexus/shared/tables";
import { lockedActiveRun, lockedRun } from "./locks.ts";
import type { Refusal } from "./refusals.ts";

/** The run's new status, and how many of its batches were changed. */
export type Moved = {
  readonly kind: "moved";
  readonly runId: number;
  readonly status: RunStatus;
  readonly batches: number;
};

/** `withoutBackup`: it is written without the backup that failed; `tables`: what is then changed without a copy. */
type Waived = {
  readonly kind: "waived";
  readonly runId: number;
  readonly entity: string;
  readonly withoutBackup: boolean;
  readonly tables?: string[];
};

/** Pauses a running run: waits for the batches that are being written, and takes the others from the queue. */
export async function pauseRun(target: Pool, runId: number, by: By): Promise<Moved | Refusal> {
  return await control(target, runId, "paused", before(runArrows, "paused"), async (tx) => {
    const batches = await takeFromQueue(tx, runId);
    await recordAudit(tx, by, { action: "pause", runId, details: { batches } });
    await markRunPaused(tx, runId);
    return batches;
  });
}

/** Lets a paused run go on. The dispatcher enqueues its batches again. */
export async function resumeRun(target: Pool, runId: number, by: By): Promise<Moved | Refusal> {
  return await control(target, runId, "running", ["paused"], async (tx) => {
    await recordAudit(tx, by, { action: "resume", runId });
    await markRunResumed(tx, runId);
    return 0;
  });
}

/** Cancels an active run for good: what is being written is waited for and stays, the rest is never written. */
export async function cancelRun(target: Pool, runId: number, by: By): Promise<Moved | Refusal> {
  return await control(target, runId, "cancelled", before(runArrows, "cancelled"), async (tx) => {
    const batches = await cancelBatches(tx, runId);
    await bringAllBack(tx, entities); // No loader is under way, and no settling comes.
    await cancelEntities(tx, runId);
    await rollUpCounts(tx, runId, await entitiesIn(tx, runId, statusesOf(entityArrows)));
    await recordAudit(tx, by, { action: "cancel", runId, details: { batches } });
    await markRunCancelled(tx, runId);
    return batches;
  });
}

/**
 * Opens the children of the active run's blocked entity, whatever it lacks. One that stopped for its losses first loads the rest. One
 * whose backup failed is written without, if that is what is said: nobody does that by the way.
 */
export async function waive(
  target: Pool,
  entity: string,
  by: By & { readonly reason: string; readonly withoutBackup?: boolean | undefined },
  catalog: readonly string[],
): Promise<Waived | Refusal> {
  const refusal = unknownAmong([entity], catalog);
  if (refusal !== undefined) return refusal;
  return await inTransaction(
    target,
    async (tx) => {
      const run = await lockedActiveRun(tx);
      if (run === undefined) return { kind: "no_active_run" };
      const status = await statusOf(tx, run.id, entity);
      if (status !== "blocked") return notBlocked(run, entity, status);
      const unsaved = await backupIsGivenUp(tx, run.id, entity);
      if (unsaved && by.withoutBackup !== true)
        return { kind: "backup_failed", runId: run.id, entity };
      const told = unsaved ? { tables: await writeWithoutBackup(tx, run.id, entity) } : {};
      if (!unsaved && !(await waiveLosses(tx, run.id, entity)))
        await waiveEntity(tx, run.id, entity);
      const details = unsaved ? { withoutBackup: true, ...told } : {};
      await recordAudit(tx, by, { action: "waive", runId: run.id, entity, details });
      return { kind: "waived", runId: run.id, entity, withoutBackup: unsaved, ...told };
    },
    CONTROL_BOUNDS,
  );
}

/** The status of an entity in a run; undefined when it is not part of it. */
export async function statusOf(
  tx: Queryable,
  runId: number,
  entity: string,
): Promise<EntityStatus | undefined> {
  const { status } = runEntities;
  const isIt = and(eq(runEntities.run_id, runId), eq(runEntities.entity, entity));
  const [found] = await read(tx, query.select({ status }).from(runEntities).where(isIt));
  return found?.status;
}

async function control(
  target: Pool,
  runId: number,
  to: RunStatus,
  possibleIn: readonly RunStatus[],
  change: (tx: Queryable) => Promise<number>,
): Promise<Moved | Refusal> {
  return await inTransaction(
    target,
    async (tx) => {
      const run = await lockedRun(tx, runId);
      if (run === undefined) return { kind: "no_such_run", runId };
      if (!possibleIn.includes(run.status))
        return { kind: "wrong_status", runId, runStatus: run.status, possibleIn };
      return { kind: "moved", runId, status: to, batches: await change(tx) };
    },
    CONTROL_BOUNDS,
  );
}

function notBlocked(run: Run, entity: string, status: EntityStatus | undefined): Refusal {
  return status === undefined
    ? { kind: "not_in_run", runId: run.id, entity, entityStatus: null }
    : { kind: "not_blocked", runId: run.id, entity, entityStatus: status };
}
