/**
 * Rows that are lost for reasons that nobody foresaw (packages/catalog/src/reasons.ts): they say that the mapping or a rule of the
 * target does not fit the source. Beyond its limit an entity stops, before its children build upon it.
 */
import { FORESEEN_PATTERNS } from "@nexus/catalog";
import type { Client, Queryable } from "../database/pool.ts";
import { goOnBeyond } from "./entity-lifecycle.ts";
import { TOO_MANY_GONE } from "./gone.ts";
import { isUnforeseen } from "./reasons-in-sql.ts";

/** The code of an entity that is blocked by its losses, and the name of the check. */
export const TOO_MANY_LOSSES = "unforeseen_losses";

/** As few as these never stop an entity. */
const LEAST = 10;

/** An entity that has lost more rows than it may. */
export interface OverLimit {
  readonly entity: string;
  readonly lost: number;
  /** Rows that it may lose at most. */
  readonly limit: number;
}

/** Entities of a run that have lost more than they may. Batches of single keys do not count: those rows were lost before. */
export async function overLimit(db: Queryable, runId: number): Promise<OverLimit[]> {
  const found = await db.query<OverLimit>(
    `select e.entity, l.lost, l.most as "limit" from migration.run_entities e join migration.runs r on r.id = e.run_id
     cross join lateral (
       select coalesce(sum(b.unforeseen), 0)::bigint as lost,
         greatest(${LEAST}, floor(e.expected * coalesce(e.loss_percent, r.loss_percent) / 100))::bigint as most
       from migration.batches b
       where b.run_id = e.run_id and b.entity = e.entity and b.unforeseen > 0 and b.status = 'done' and b.keys is null) l
     where e.run_id = $1 and e.status in ('loading', 'settling') and l.lost > l.most
       and coalesce(e.loss_percent, r.loss_percent) < 100`,
    [runId],
  );
  return found.rows;
}

/** Writes down which reason and column most of the lost rows have. */
export async function recordLossReason(tx: Client, runId: number, entity: string): Promise<void> {
  await tx.query(
    `update migration.run_entities e set loss_reason = x.reason, loss_column = x.column_name
     from (select reason, column_name from migration.exceptions
           where run_id = $1 and entity = $2 and ${isUnforeseen("$3")}
           group by 1, 2 order by count(*) desc, 1, 2 limit 1) x
     where e.run_id = $1 and e.entity = $2`,
    [runId, entity, FORESEEN_PATTERNS],
  );
}

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

/** A waiver of losses is that there is no limit: the entity loads the rest before its children open. False: it is blocked for something else. */
export async function waiveLosses(tx: Queryable, runId: number, entity: string): Promise<boolean> {
  if (!(await goOnBeyond(tx, runId, entity, TOO_MANY_LOSSES))) return false;
  await tx.query(`update migration.run_entities set loss_percent = 100 where run_id = $1 and entity = $2`, [
    runId,
    entity,
  ]);
  return true;
}
