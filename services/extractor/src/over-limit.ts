/**
 * Rows that are lost for reasons that nobody foresaw (packages/catalog/src/reasons.ts): they say that the mapping or a rule of the
 * target does not fit the source. Beyond its limit an entity stops, before its children build upon it.
 */
import { FORESEEN_PATTERNS } from "@nexus/catalog";
import type { Queryable } from "@nexus/shared/database";
import { isUnforeseen } from "@nexus/shared/ledger";

/** As few as these never stop an entity. */
const LEAST = 10;

/** An entity that has lost more rows than it may. */
export interface OverLimit {
  readonly entity: string;
  readonly lost: number;
  /** Rows that it may lose at most. */
  readonly limit: number;
}

/**
 * Entities of a run that have lost more than they may. Batches of single keys do not count: those rows were lost before. A delta reads what
 * changed key by key, which counts, of all rows: those that it need not read, too.
 */
export async function overLimit(db: Queryable, runId: number): Promise<OverLimit[]> {
  const found = await db.query<OverLimit>(
    `select e.entity, l.lost, l.most as "limit" from migration.run_entities e join migration.runs r on r.id = e.run_id
     cross join lateral (
       select coalesce(sum(b.unforeseen), 0)::bigint as lost,
         greatest(${LEAST}, floor((e.expected + e.unchanged) * coalesce(e.loss_percent, r.loss_percent) / 100))::bigint as most
       from migration.batches b
       where b.run_id = e.run_id and b.entity = e.entity and b.unforeseen > 0 and b.status = 'done' and (b.keys is null or r.mode = 'delta')) l
     where e.run_id = $1 and e.status in ('loading', 'settling') and l.lost > l.most
       and coalesce(e.loss_percent, r.loss_percent) < 100`,
    [runId],
  );
  return found.rows;
}

/** Writes down which reason and column most of the lost rows have. */
export async function recordLossReason(
  tx: Queryable,
  runId: number,
  entity: string,
): Promise<void> {
  await tx.query(
    `update migration.run_entities e set loss_reason = x.reason, loss_column = x.column_name
     from (select reason, column_name from migration.exceptions
           where run_id = $1 and entity = $2 and ${isUnforeseen("$3")}
           group by 1, 2 order by count(*) desc, 1, 2 limit 1) x
     where e.run_id = $1 and e.entity = $2`,
    [runId, entity, FORESEEN_PATTERNS],
  );
}
