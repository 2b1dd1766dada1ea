/** Planning: how far the source has been cut into ranges. */
import type { Queryable } from "../database/pool.ts";
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
  if (last) await resolveBeyond(tx, runId, entity, to);
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
