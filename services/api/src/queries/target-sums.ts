/** What the target's tables hold when a run has settled them, and what an adoption made its loaders change. */
import type { Queryable } from "@nexus/shared/database";

/** The rows of an entity's table: loaded before (and not deleted now, because they were gone), inserted now, adopted, strangers. */
export interface TargetSum {
  readonly entity: string;
  readonly rows: number;
  readonly before: number;
  readonly inserted: number;
  readonly adopted: number;
  readonly strangers: number;
  /** Null where a batch was loaded again: older releases did not keep what it had inserted the first time. */
  readonly unaccounted: number | null;
  /** Adopted rows that the run changed: its first after the adoption. */
  readonly changed: number;
}

/** Of each entity that was settled, parents first. */
export async function targetSums(db: Queryable, runId: number): Promise<TargetSum[]> {
  const found = await db.query<TargetSum>(
    `select e.entity, e.target_rows as rows, e.keyed_before - e.adopted - e.gone_deleted as before, e.inserted, e.adopted, e.strangers,
       case when not b.again then e.target_rows - e.keyed_before + e.gone_deleted - e.inserted - e.strangers end as unaccounted, b.changed
     from migration.run_entities e
     cross join lateral (
       select coalesce(bool_or(b.generation > 1), false) as again, coalesce(sum(c.rows), 0)::bigint as changed
       from migration.batches b left join migration.adopted_changes c on c.batch_id = b.id
       where b.run_id = e.run_id and b.entity = e.entity) b
     where e.run_id = $1 and e.target_rows is not null and e.keyed_before is not null order by e.position`,
    [runId],
  );
  return found.rows;
}

/** By entity and column, how many adopted rows the run changed. */
export async function changedColumns(
  db: Queryable,
  runId: number,
): Promise<{ entity: string; column: string; rows: number }[]> {
  const found = await db.query<{ entity: string; column: string; rows: number }>(
    `select e.entity, v.key as "column", sum(v.value::bigint)::bigint as rows
     from migration.run_entities e join migration.batches b on (b.run_id, b.entity) = (e.run_id, e.entity)
       join migration.adopted_changes c on c.batch_id = b.id cross join lateral jsonb_each_text(c.columns) v
     where e.run_id = $1 group by e.position, e.entity, v.key order by e.position, rows desc, v.key`,
    [runId],
  );
  return found.rows;
}
