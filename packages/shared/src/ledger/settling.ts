/** Settling: what must hold before an entity's children are opened. */
import type { Pool, Queryable } from "../database/pool.ts";
import { inTransaction } from "../database/transaction.ts";
import { compareAgain } from "./gone.ts";
import { loadMore, markSettling } from "./entity-lifecycle.ts";
import { claimEntity } from "./runs.ts";
import type { BatchStatus } from "../states/states.ts";

/** The sums of an entity's batches, and the exceptions that are on record for them. */
export interface Sums {
  readonly failed: number;
  readonly read: number;
  readonly loaded: number;
  /** Inserted or updated; the other loaded rows were equal already. */
  readonly written: number;
  readonly rejected: number;
  readonly parked: number;
  readonly exceptions: number;
}

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
  if (await anyBatchIn(target, runId, entity, open)) return false;
  return await inTransaction(target, async (tx) => {
    if (!(await claimEntity(tx, runId, entity, "loading"))) return false;
    if (await anyBatchIn(tx, runId, entity, open)) return false;
    await compareAgain(tx, runId, entity);
    return await markSettling(tx, runId, entity);
  });
}

/** An entity that settles and has batches left after all, because its limit of losses was raised meanwhile, goes on. Returns whether it did. */
export async function goOnLoading(tx: Queryable, runId: number, entity: string): Promise<boolean> {
  if (!(await anyBatchIn(tx, runId, entity, ["planned", "queued"]))) return false;
  return await loadMore(tx, runId, entity);
}

async function anyBatchIn(
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

/** Adds up an entity's batches and counts its exceptions, independently of each other. */
export async function sumsOf(tx: Queryable, runId: number, entity: string): Promise<Sums> {
  const found = await tx.query<Sums>(
    `select count(*) filter (where status = 'failed') as failed,
       coalesce(sum(read), 0)::bigint as read, coalesce(sum(loaded), 0)::bigint as loaded,
       coalesce(sum(inserted + updated), 0)::bigint as written,
       coalesce(sum(rejected), 0)::bigint as rejected, coalesce(sum(parked), 0)::bigint as parked,
       (select count(*) from migration.exceptions where run_id = $1 and entity = $2) as exceptions
     from migration.batches where run_id = $1 and entity = $2`,
    [runId, entity],
  );
  const [sums] = found.rows;
  if (sums === undefined) throw new Error("an aggregate without a row");
  return sums;
}

/** The last key that was planned of an entity which the run reads whole; undefined where it is a repair. */
export async function plannedUpTo(
  tx: Queryable,
  runId: number,
  entity: string,
): Promise<number | string | undefined> {
  const found = await tx.query<{ upTo: number | string }>(
    `select cursor_key as "upTo" from migration.run_entities
     where run_id = $1 and entity = $2 and cursor_key > -9223372036854775808`,
    [runId, entity],
  );
  return found.rows[0]?.upTo;
}

/** Keeps the results of the checks; those of an earlier settling are replaced. */
export async function recordChecks(
  tx: Queryable,
  runId: number,
  entity: string,
  checks: readonly Check[],
): Promise<void> {
  const names = checks.map(({ name }) => name);
  await tx.query(
    `delete from migration.validations where run_id = $1 and entity = $2 and name <> all($3::text[])`,
    [runId, entity, names],
  );
  await tx.query(
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
}
