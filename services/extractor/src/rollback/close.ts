/** An entity, and a run, of which everything was taken back: the ledger is as if they had not been. */
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
import type { Place } from "./place.ts";

/** Its batches count no more, its exceptions are closed, and those of earlier runs that it had resolved are open again. */
export async function closeEntity(
  tx: Client,
  rollback: Rollback,
  { entity }: Place,
  position: number,
): Promise<void> {
  const { runId } = rollback;
  await lockRun(tx, runId);
  await recordCounts(tx, rollback, entity, position, await countDone(tx, rollback, entity));
  if (!(await markRolledBack(tx, runId, entity.name))) return;
  await markBatchesRolledBack(tx, runId, entity.name);
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
