/** An entity, and a run, of which everything was taken back: the ledger is as if they had not been. */
import type { Entity } from "@nexus/catalog";
import type { Client } from "@nexus/shared/database";
import {
  lockRun,
  markBatchesRolledBack,
  markRolledBack,
  markRunRolledBack,
  type Rollback,
  type Run,
} from "@nexus/shared/ledger";
import { countDone, recordCounts } from "./count.ts";
import { forgetHandled } from "../gone/recorded.ts";

/** Its batches count no more, its exceptions are closed, and those of earlier runs that it had resolved are open again. */
export async function closeEntity(
  tx: Client,
  rollback: Rollback,
  entity: Entity,
  position: number,
): Promise<void> {
  const { runId } = rollback;
  await lockRun(tx, runId);
  await recordCounts(tx, rollback, entity, position, await countDone(tx, rollback, entity));
  if (!(await markRolledBack(tx, runId, entity.name))) return;
  await markBatchesRolledBack(tx, runId, entity.name);
  await forgetHandled(tx, runId, entity.name);
  await tx.query(
    `update migration.exceptions set resolved_at = now() where run_id = $1 and entity = $2 and resolved_at is null`,
    [runId, entity.name],
  );
  // No other run was active meanwhile, so what was resolved since this one began, it has resolved.
  await tx.query(
    `update migration.exceptions x set resolved_at = null from migration.runs r, migration.runs older
     where r.id = $1 and older.id = x.run_id and x.entity = $2 and x.run_id < $1
       and x.resolved_at >= r.started_at and older.status <> 'rolled_back'`,
    [runId, entity.name],
  );
}

/** Counts an entity anew that was done before: rows of it came back with those that they follow. */
export async function countAgain(tx: Client, rollback: Rollback, entity: Entity): Promise<void> {
  const done = await tx.query<{ position: number }>(
    `select position from migration.rollback_entities where rollback_id = $1 and entity = $2`,
    [rollback.id, entity.name],
  );
  const [row] = done.rows;
  if (row === undefined) return;
  await recordCounts(tx, rollback, entity, row.position, await countDone(tx, rollback, entity));
}

/** The run is rolled back once all of its entities are, and what it had kept is removed. */
export async function closeRun(tx: Client, { id }: Run): Promise<void> {
  await lockRun(tx, id);
  const left = await tx.query(
    `select from migration.run_entities where run_id = $1 and status not in ('skipped', 'rolled_back') limit 1`,
    [id],
  );
  if (left.rowCount !== 0 || !(await markRunRolledBack(tx, id))) return;
  await tx.query(`delete from migration.undo where run_id = $1`, [id]);
}
