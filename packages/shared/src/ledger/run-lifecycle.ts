/** Every statement that changes the status of a run: one function for each arrow of `states.ts`. Each says whether it did. */
import type { Client, Pool, Queryable } from "../database/pool.ts";
import { inTransaction } from "../database/transaction.ts";
import { traceContext } from "../telemetry/tracing.ts";
import { lockStarts } from "./adoptions.ts";
import { addEntities, allSettled, type Selection } from "./entity-lifecycle.ts";
import type { RunOptions } from "./order.ts";
import { lockRun } from "./runs.ts";
import { before, runArrows, type RunStatus } from "../states/states.ts";

/** Creates a run, or returns undefined while another one is active, or an adoption, a rollback or a cut-over is under way, or the target was handed over. */
export async function createRun(
  tx: Queryable,
  selections: readonly Selection[],
  {
    embeddings,
    dify = false,
    accounts = false,
    codes,
    lossPercent = 1,
    mode = "full",
    cutover,
    afterCutover = false,
    newBill = true,
  }: RunOptions,
): Promise<number | undefined> {
  await lockStarts(tx);
  const created = await tx.query<{ id: number }>(
    `insert into migration.runs (embeddings, dify, codes, trace_context, loss_percent, mode, accounts, new_bill)
     select $1, $2, $3::jsonb, $4, $5, $8, $9, $10
     where not exists (select from migration.adoptions where status = 'open')
       and not exists (select from migration.rollbacks where status = 'open')
       and not exists (
         select from migration.cutovers where kind = 'go'
           and (status = 'open' and id is distinct from $6::integer or status = 'done' and not $7::boolean))
     on conflict ((true)) where status in ('planned', 'running', 'paused') do nothing
     returning id`,
    [
      embeddings,
      dify,
      codes,
      traceContext(),
      lossPercent,
      cutover ?? null,
      afterCutover,
      mode,
      accounts,
      newBill,
    ],
  );
  const id = created.rows[0]?.id;
  if (id === undefined) return undefined;
  await addEntities(tx, id, selections);
  return id;
}

/** The source was found fit to be read: a planned run begins. */
export async function markRunBegun(tx: Queryable, id: number): Promise<boolean> {
  return await move(tx, id, ["planned"], "running");
}

/** The source lacks something: a planned run does not begin. */
export async function markRunFailed(
  tx: Queryable,
  id: number,
  errorCode: string,
): Promise<boolean> {
  return await move(tx, id, before(runArrows, "failed"), "failed", errorCode);
}

export async function markRunPaused(tx: Queryable, id: number): Promise<boolean> {
  return await move(tx, id, before(runArrows, "paused"), "paused");
}

export async function markRunResumed(tx: Queryable, id: number): Promise<boolean> {
  return await move(tx, id, ["paused"], "running");
}

export async function markRunCancelled(tx: Queryable, id: number): Promise<boolean> {
  return await move(tx, id, before(runArrows, "cancelled"), "cancelled");
}

/**
 * Completes a running run all of whose entities are settled. Returns whether it did. Looked at again under the lock: an operator may
 * have requeued one of them meanwhile. `lastLook` runs under it, too, and says whether there is something left to do after all.
 */
export async function completeRun(
  target: Pool,
  id: number,
  lastLook: (tx: Client) => Promise<boolean> = async () => false,
): Promise<boolean> {
  if (!(await allSettled(target, id))) return false;
  return await inTransaction(target, async (tx) => {
    await lockRun(tx, id);
    if (!(await allSettled(tx, id)) || (await lastLook(tx))) return false;
    return await move(tx, id, ["running"], "completed");
  });
}

/** What all of its entities had written was taken back. */
export async function markRunRolledBack(tx: Queryable, id: number): Promise<boolean> {
  return await move(tx, id, before(runArrows, "rolled_back"), "rolled_back");
}

/** Moves a run to another status if it still has one of those that may come before. Returns whether it had. */
async function move(
  tx: Queryable,
  id: number,
  from: readonly RunStatus[],
  to: RunStatus,
  errorCode: string | null = null,
): Promise<boolean> {
  const moved = await tx.query(
    `update migration.runs set status = $3, error_code = $4,
       started_at = case when $3 = 'running' then coalesce(started_at, now()) else started_at end,
       finished_at = case when $3 = 'rolled_back' then finished_at when $3 in ('completed', 'failed', 'cancelled') then now() end
     where id = $1 and status = any($2::text[])`,
    [id, from, to, errorCode],
  );
  return moved.rowCount === 1;
}
