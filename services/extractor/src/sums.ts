/** What became of an entity's rows, added up for its settling. */
import type { Entity } from "@nexus/catalog";
import type { Queryable } from "@nexus/shared/database";

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

/** How many rows with a legacy key the target holds of an entity. */
export async function countRows(
  tx: Queryable,
  { target: { table, key } }: Entity,
): Promise<number> {
  const counted = await tx.query<{ count: number }>(`select count(${key}) from public.${table}`);
  return counted.rows[0]?.count ?? 0;
}
