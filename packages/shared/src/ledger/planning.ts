/** Planning: how far the source has been cut into ranges. */
import type { Queryable } from "../database/pool.ts";
import { together } from "../database/trips.ts";
import type { Columns, runEntities } from "../tables/index.ts";
import { planFurther } from "./entity-lifecycle.ts";

/** A key range (after, to] and the rows that the source held in it when it was planned. Keys beyond 2^53 are in digits. */
export interface Range {
  readonly after: number | string;
  readonly to: number | string;
  readonly expected: number;
}

/** Where planning of an entity stands. int8's least value is text: it means "from the beginning". */
export interface PlanCursor {
  readonly cursor: number | string;
}

/** The planning cursor of an entity that is waiting or being planned. */
export async function planCursor(
  db: Queryable,
  runId: number,
  entity: string,
): Promise<PlanCursor | undefined> {
  const found = await db.query<Columns<typeof runEntities, { cursor: "cursor_key" }>>(
    `select cursor_key as cursor from migration.run_entities
     where run_id = $1 and entity = $2 and status in ('waiting', 'planning')`,
    [runId, entity],
  );
  return found.rows[0];
}

/**
 * Records the next ranges, unless another extractor moved the cursor meanwhile. `last`: the source holds no more.
 * Locks the entity for the length of the transaction. Returns whether it recorded them.
 */
export async function recordPlan(
  tx: Queryable,
  runId: number,
  entity: string,
  { cursor }: PlanCursor,
  ranges: readonly Range[],
  last: boolean,
): Promise<boolean> {
  const to = ranges.at(-1)?.to ?? cursor;
  const progress = { from: cursor, to, expected: sum(ranges), batches: ranges.length, last };
  const first = await planFurther(tx, runId, entity, progress);
  if (first === undefined) return false;
  await together([
    insertRanges(tx, runId, entity, first, ranges),
    last && resolveBeyond(tx, runId, entity, to),
  ]);
  return true;
}

async function insertRanges(
  tx: Queryable,
  runId: number,
  entity: string,
  first: number,
  ranges: readonly Range[],
): Promise<void> {
  if (ranges.length === 0) return;
  await tx.query(
    `insert into migration.batches (run_id, entity, seq, after_key, to_key, expected)
     select $1, $2, $3 + ordinality, after_key, to_key, expected
     from unnest($4::bigint[], $5::bigint[], $6::integer[]) with ordinality as r (after_key, to_key, expected, ordinality)`,
    [
      runId,
      entity,
      first,
      ranges.map((r) => r.after),
      ranges.map((r) => r.to),
      ranges.map((r) => r.expected),
    ],
  );
}

/** What a comparison of ranges found, up to the key `to`: ranges and lists of keys to be read, and how much needs not be. */
export interface DeltaPlan {
  readonly to: number | string;
  readonly ranges: readonly Range[];
  /** `expected`: those of the keys that the source held; the others are gone from it, and what was said of them ends with the batch. */
  readonly keys: readonly { readonly keys: readonly number[]; readonly expected: number }[];
  /** Rows that are not to be read. */
  readonly unchanged: number;
  readonly compared: number;
  readonly equal: number;
}

/** Like `recordPlan`, for ranges that were compared. The source may hold more behind them. */
export async function recordDelta(
  tx: Queryable,
  runId: number,
  entity: string,
  { cursor }: PlanCursor,
  { to, ranges, keys, unchanged, compared, equal }: DeltaPlan,
): Promise<boolean> {
  const expected = keys.reduce((total, one) => total + one.expected, sum(ranges));
  const batches = ranges.length + keys.length;
  const progress = { from: cursor, to, expected, batches, last: false };
  const first = await planFurther(tx, runId, entity, progress);
  if (first === undefined) return false;
  await insertRanges(tx, runId, entity, first, ranges);
  for (const [at, list] of keys.entries())
    await tx.query(
      `insert into migration.batches (run_id, entity, seq, keys, expected) values ($1, $2, $3, $4::integer[], $5)`,
      [runId, entity, first + ranges.length + at + 1, list.keys, list.expected],
    );
  await tx.query(
    `update migration.run_entities
     set unchanged = unchanged + $3, ranges_compared = ranges_compared + $4, ranges_equal = ranges_equal + $5
     where run_id = $1 and entity = $2`,
    [runId, entity, unchanged, compared, equal],
  );
  return true;
}

/** Rows behind the last one of the source are gone from it: no batch will come to them, so their exceptions end here. */
async function resolveBeyond(
  tx: Queryable,
  runId: number,
  entity: string,
  last: number | string,
): Promise<void> {
  await tx.query(
    `update migration.exceptions set resolved_at = now()
     where entity = $2 and run_id <> $1 and resolved_at is null and legacy_id > $3::bigint`,
    [runId, entity, last],
  );
}

/** Counts the batches of an entity anew, and the rows that they expect. */
export async function countBatches(tx: Queryable, runId: number, entity: string): Promise<void> {
  await tx.query(
    `update migration.run_entities e set batches = b.batches, expected = b.expected
     from (select count(*) as batches, sum(expected) as expected
           from migration.batches where run_id = $1 and entity = $2) b
     where e.run_id = $1 and e.entity = $2`,
    [runId, entity],
  );
}

function sum(ranges: readonly Range[]): number {
  return ranges.reduce((total, range) => total + range.expected, 0);
}
