/** What an operator may do about an entity that stopped: let it lose more rows, or believe that its rows are gone. */
import type { Pool, Queryable } from "../database/pool.ts";
import { inTransaction } from "../database/transaction.ts";
import { type By, recordAudit } from "./audit.ts";
import { statusOf } from "./control.ts";
import { CONTROL_BOUNDS, lockedActiveRun } from "./control-locks.ts";
import { type Refusal, unknownAmong } from "./control-refusals.ts";
import { goOnLosing, goOnWithoutGone } from "./losses.ts";

/** Percent of an entity's rows; what is left out stays as it is. */
export interface Limits {
  /** That may be lost for reasons that nobody foresaw. */
  readonly lossPercent?: number | undefined;
  /** That may be gone from the source. */
  readonly gonePercent?: number | undefined;
}

/** Sets limits of an entity of the active run; one that is blocked for such a limit goes on. */
export async function limitEntity(
  target: Pool,
  entity: string,
  limits: Limits,
  by: By,
  catalog: readonly string[],
): Promise<{ kind: "limited"; runId: number; entity: string } | Refusal> {
  const refusal = unknownAmong([entity], catalog);
  if (refusal !== undefined) return refusal;
  return await inTransaction(
    target,
    async (tx) => {
      const run = await lockedActiveRun(tx);
      if (run === undefined) return { kind: "no_active_run" };
      const status = await statusOf(tx, run.id, entity);
      if (status === undefined || status === "skipped" || status === "cancelled")
        return { kind: "not_in_run", runId: run.id, entity, entityStatus: status ?? null };
      await setLimits(tx, run.id, entity, limits);
      if (limits.lossPercent !== undefined) await goOnLosing(tx, run.id, entity);
      if (limits.gonePercent !== undefined) await goOnWithoutGone(tx, run.id, entity);
      await recordAudit(tx, by, { action: "limit", runId: run.id, entity, details: { ...limits } });
      return { kind: "limited", runId: run.id, entity };
    },
    CONTROL_BOUNDS,
  );
}

async function setLimits(tx: Queryable, runId: number, entity: string, limits: Limits): Promise<void> {
  await tx.query(
    `update migration.run_entities
     set loss_percent = coalesce($3, loss_percent), gone_percent = coalesce($4, gone_percent)
     where run_id = $1 and entity = $2`,
    [runId, entity, limits.lossPercent ?? null, limits.gonePercent ?? null],
  );
}
