/** What an operator may do with a run: pause, resume, cancel, waive. Each is one transaction with a line in the audit log. */
import type { Pool, Queryable } from "../database/pool.ts";
import { inTransaction } from "../database/transaction.ts";
import { type By, recordAudit } from "./audit.ts";
import { bringAllBack } from "./case-practice.ts";
import { CONTROL_BOUNDS, lockBatches, lockedActiveRun, lockedRun } from "./control-locks.ts";
import { type Refusal, unknownAmong } from "./control-refusals.ts";
import { waiveLosses } from "./losses.ts";
import { foldCounts } from "./progress.ts";
import { moveRun, type Run } from "./runs.ts";
import { batchArrows, before, entityArrows, type EntityStatus, runArrows, type RunStatus } from "./states.ts";

/** The run's new status, and how many of its batches were changed. */
export type Moved = {
  readonly kind: "moved";
  readonly runId: number;
  readonly status: RunStatus;
  readonly batches: number;
};

/** Pauses a running run: waits for the batches that are being written, and takes the others from the queue. */
export async function pauseRun(target: Pool, runId: number, by: By): Promise<Moved | Refusal> {
  return await control(target, runId, "paused", before(runArrows, "paused"), async (tx) => {
    const batches = await takeBack(tx, runId);
    await recordAudit(tx, by, { action: "pause", runId, details: { batches } });
    return batches;
  });
}

/** Lets a paused run go on. The pump offers its batches again. */
export async function resumeRun(target: Pool, runId: number, by: By): Promise<Moved | Refusal> {
  return await control(target, runId, "running", ["paused"], async (tx) => {
    await recordAudit(tx, by, { action: "resume", runId });
    return 0;
  });
}

/** Cancels an active run for good: what is being written is waited for and stays, the rest is never written. */
export async function cancelRun(target: Pool, runId: number, by: By): Promise<Moved | Refusal> {
  return await control(target, runId, "cancelled", before(runArrows, "cancelled"), async (tx) => {
    const batches = await cancelBatches(tx, runId);
    await bringAllBack(tx); // No loader is under way, and no settling comes.
    await foldCounts(tx, runId, await cancelEntities(tx, runId));
    await recordAudit(tx, by, { action: "cancel", runId, details: { batches } });
    return batches;
  });
}

/**
 * Opens the children of the active run's blocked entity, whatever it lacks. One that stopped for its losses first loads the rest.
 */
export async function waive(
  target: Pool,
  entity: string,
  by: By & { readonly reason: string },
  catalog: readonly string[],
): Promise<{ kind: "waived"; runId: number; entity: string } | Refusal> {
  const refusal = unknownAmong([entity], catalog);
  if (refusal !== undefined) return refusal;
  return await inTransaction(
    target,
    async (tx) => {
      const run = await lockedActiveRun(tx);
      if (run === undefined) return { kind: "no_active_run" };
      const status = await statusOf(tx, run.id, entity);
      if (status !== "blocked") return notBlocked(run, entity, status);
      if (!(await waiveLosses(tx, run.id, entity)))
        await tx.query(`update migration.run_entities set waived = true where run_id = $1 and entity = $2`, [
          run.id,
          entity,
        ]);
      await recordAudit(tx, by, { action: "waive", runId: run.id, entity });
      return { kind: "waived", runId: run.id, entity };
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
  const found = await tx.query<{ status: EntityStatus }>(
    `select status from migration.run_entities where run_id = $1 and entity = $2`,
    [runId, entity],
  );
  return found.rows[0]?.status;
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
      const batches = await change(tx);
      await moveRun(tx, runId, possibleIn, to);
      return { kind: "moved", runId, status: to, batches };
    },
    CONTROL_BOUNDS,
  );
}

/** An attempt that was counted but not begun to write is given back: pausing must not wear a batch out. */
async function takeBack(tx: Queryable, runId: number): Promise<number> {
  await lockBatches(tx, runId, null, ["queued"]);
  const taken = await tx.query(
    `update migration.batches set status = 'planned', attempts = greatest(attempts - 1, 0), available_at = now()
     where run_id = $1 and status = 'queued'`,
    [runId],
  );
  return taken.rowCount ?? 0;
}

async function cancelBatches(tx: Queryable, runId: number): Promise<number> {
  const open = before(batchArrows, "cancelled");
  await lockBatches(tx, runId, null, open);
  const cancelled = await tx.query(
    `update migration.batches set status = 'cancelled' where run_id = $1 and status = any($2::text[])`,
    [runId, open],
  );
  return cancelled.rowCount ?? 0;
}

/** Returns every entity of the run, so that its counts can be folded one last time. */
async function cancelEntities(tx: Queryable, runId: number): Promise<string[]> {
  await tx.query(
    `update migration.run_entities set status = 'cancelled' where run_id = $1 and status = any($2::text[])`,
    [runId, before(entityArrows, "cancelled")],
  );
  const all = await tx.query<{ entity: string }>(
    `select entity from migration.run_entities where run_id = $1`,
    [runId],
  );
  return all.rows.map((row) => row.entity);
}

function notBlocked(run: Run, entity: string, status: EntityStatus | undefined): Refusal {
  return status === undefined
    ? { kind: "not_in_run", runId: run.id, entity, entityStatus: null }
    : { kind: "not_blocked", runId: run.id, entity, entityStatus: status };
}
