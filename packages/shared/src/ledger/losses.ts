/** Limits beyond which an entity is blocked, and what an operator may do about it. */
import type { Queryable } from "../database/pool.ts";
import { goOnBeyond } from "./entity-lifecycle.ts";

/** The code of an entity that is blocked by its losses, and the name of the check. */
export const TOO_MANY_LOSSES = "unforeseen_losses";

/** The code of an entity that is blocked because too many of its rows are gone, and the name of the check. */
export const TOO_MANY_GONE = "rows_gone_from_source";

/** Percent of an entity's rows; what is left out stays as it is. */
export interface Limits {
  /** That may be lost for reasons that nobody foresaw. */
  readonly lossPercent?: number | undefined;
  /** That may be gone from the source. */
  readonly gonePercent?: number | undefined;
}

/** Sets limits of an entity. One that is blocked for such a limit goes on. */
export async function setLimits(
  tx: Queryable,
  runId: number,
  entity: string,
  { lossPercent, gonePercent }: Limits,
): Promise<void> {
  await tx.query(
    `update migration.run_entities
     set loss_percent = coalesce($3, loss_percent), gone_percent = coalesce($4, gone_percent)
     where run_id = $1 and entity = $2`,
    [runId, entity, lossPercent ?? null, gonePercent ?? null],
  );
  if (lossPercent !== undefined) await goOnBeyond(tx, runId, entity, TOO_MANY_LOSSES);
  if (gonePercent !== undefined) await goOnBeyond(tx, runId, entity, TOO_MANY_GONE);
}

/** Waives losses by removing the limit: the entity loads the rest before its children open. Returns false if the entity is blocked for another reason. */
export async function waiveLosses(tx: Queryable, runId: number, entity: string): Promise<boolean> {
  if (!(await goOnBeyond(tx, runId, entity, TOO_MANY_LOSSES))) return false;
  await tx.query(
    `update migration.run_entities set loss_percent = 100 where run_id = $1 and entity = $2`,
    [runId, entity],
  );
  return true;
}
