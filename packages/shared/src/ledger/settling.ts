/** Settling: what must hold before an entity's children are opened. */
import type { Pool, Queryable } from "../database/pool.ts";
import { inTrips } from "../database/transaction.ts";
import { together } from "../database/trips.ts";
import { markSettling } from "./entity-lifecycle.ts";
import { claimEntity } from "./runs.ts";
import type { BatchStatus } from "../states/states.ts";

/** One check of the settle step, kept in `migration.validations`. */
export interface Check {
  readonly name: string;
  readonly passed: boolean;
  readonly expected: number | null;
  readonly actual: number | null;
}

/**
 * An entity that loads and has no batch left to do begins to settle. Returns whether it did.
 * Looked at again under the lock: an operator may have requeued one meanwhile. `open`: what must not be left.
 */
export async function beginSettling(
  target: Pool,
  runId: number,
  entity: string,
  open: readonly BatchStatus[] = ["planned", "queued"],
): Promise<boolean> {
  return await inTrips(target, {
    first: (tx) =>
      together([claimEntity(tx, runId, entity, "loading"), anyBatchIn(tx, runId, entity, open)]),
    work: async (_tx, [claimed, left]) => claimed && !left,
    last: async (tx, begins) => {
      if (!begins) return false;
      const [, moved] = await together([
        compareAgain(tx, runId, entity),
        markSettling(tx, runId, entity),
      ]);
      return moved;
    },
  });
}

/** Whether an entity has a batch that is planned or queued, if it is in one of these statuses. */
export async function anyBatchIn(
  db: Queryable,
  runId: number,
  entity: string,
  statuses: readonly BatchStatus[],
): Promise<boolean> {
  const open = await db.query(
    `select from migration.batches
     where run_id = $1 and entity = $2 and status = any($3::text[]) and status in ('planned', 'queued') limit 1`,
    [runId, entity, statuses],
  );
  return open.rowCount === 1;
}

/** Keeps the results of the checks; those of an earlier settling are replaced. */
export async function recordChecks(
  tx: Queryable,
  runId: number,
  entity: string,
  checks: readonly Check[],
): Promise<void> {
  const names = checks.map(({ name }) => name);
  const others = tx.query(
    `delete from migration.validations where run_id = $1 and entity = $2 and name <> all($3::text[])`,
    [runId, entity, names],
  );
  const these = tx.query(
    `insert into migration.validations (run_id, entity, name, passed, expected, actual)
     select $1, $2, * from unnest($3::text[], $4::boolean[], $5::bigint[], $6::bigint[])
     on conflict (run_id, entity, name) do update
       set passed = excluded.passed, expected = excluded.expected, actual = excluded.actual, checked_at = now()`,
    [
      runId,
      entity,
      names,
      checks.map((check) => check.passed),
      checks.map((check) => check.expected),
      checks.map((check) => check.actual),
    ],
  );
  await together([others, these]);
}

/** If the entity is settled again, everything is compared again, because time has passed. */
export async function compareAgain(tx: Queryable, runId: number, entity: string): Promise<void> {
  await tx.query(
    `update migration.run_entities set gone_cursor = -9223372036854775808
     where run_id = $1 and entity = $2 and gone_compared_at is not null`,
    [runId, entity],
  );
}
