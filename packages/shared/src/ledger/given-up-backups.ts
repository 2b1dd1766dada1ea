/** What an operator may order about a backup that failed. Each is a statement that moves its entity, too. */
import type { Queryable } from "../database/pool.ts";
import type { backups, Columns } from "../tables/index.ts";
import { openByTheGate } from "./entity-lifecycle.ts";

/** Whether the entity is blocked because its backup failed too often. */
export async function backupIsGivenUp(
  db: Queryable,
  runId: number,
  entity: string,
): Promise<boolean> {
  const found = await db.query(
    `select from migration.backups where run_id = $1 and entity = $2 and status = 'given_up'`,
    [runId, entity],
  );
  return found.rowCount === 1;
}

/** A backup that failed is tried again at once, as often as at first. False: it has not failed. */
export async function backUpAgain(tx: Queryable, runId: number, entity: string): Promise<boolean> {
  const again = await tx.query(
    `update migration.backups set status = 'open', failures = 0, available_at = now()
     where run_id = $1 and entity = $2 and (status = 'given_up' or (status = 'open' and failures > 0))`,
    [runId, entity],
  );
  if (again.rowCount !== 1) return false;
  await openByTheGate(tx, runId, entity);
  return true;
}

/**
 * The entity is written without the backup that was given up. Returns the tables that are then changed without a copy: its own, and
 * those that triggers change with it.
 */
export async function writeWithoutBackup(
  tx: Queryable,
  runId: number,
  entity: string,
): Promise<string[]> {
  const waived = await tx.query<Columns<typeof backups, { tables: "tables" }>>(
    `update migration.backups set status = 'waived' where run_id = $1 and entity = $2 and status = 'given_up' returning tables`,
    [runId, entity],
  );
  await openByTheGate(tx, runId, entity);
  return waived.rows.flatMap(({ tables }) => tables.split(","));
}
