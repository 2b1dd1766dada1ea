/** Parked rows are released when their parent arrives: the batch that holds them is loaded again. */
import type { Queryable } from "@nexus/shared/database";
import { planNextGeneration } from "@nexus/shared/ledger";

/** Where a parent is found: its table in schema public, and the column of its legacy key. */
export interface ParentTable {
  readonly entity: string;
  readonly table: string;
  readonly key: string;
}

/** Entities of a run that have parked rows waiting for a given parent entity. */
export async function parkedEntities(
  db: Queryable,
  runId: number,
): Promise<{ entity: string; parent: string }[]> {
  const found = await db.query<{ entity: string; parent: string }>(
    `select distinct entity, missing_entity as parent from migration.exceptions
     where run_id = $1 and outcome = 'parked' and resolved_at is null`,
    [runId],
  );
  return found.rows;
}

/**
 * Sends the finished batches whose parked rows have found their parent through the loaders again, as their next generation.
 * Call it with the entity's row locked. Returns how many.
 */
export async function releaseParked(
  tx: Queryable,
  runId: number,
  entity: string,
  parent: ParentTable,
): Promise<number> {
  const released = await planNextGeneration(tx, {
    sql: `b.run_id = $1 and b.entity = $2 and b.status = 'done' and exists (
       select from migration.exceptions e
       where e.batch_id = b.id and e.outcome = 'parked' and e.resolved_at is null and e.missing_entity = $3
         and exists (select from public.${parent.table} p where p.${parent.key} = e.missing_id))`,
    values: [runId, entity, parent.entity],
  });
  return released.length;
}
