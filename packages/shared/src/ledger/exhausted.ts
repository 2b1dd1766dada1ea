/** Batches that ended their loaders as often as they may. */
import type { Queryable } from "../database/pool.ts";
import type { batches, Columns } from "../tables/index.ts";

/** A batch without an attempt left: its keys (none of a repair), how many rows were expected, and its bytes, where they were measured. */
export interface Exhausted {
  readonly batch: number;
  readonly entity: string;
  readonly after: number | string | null;
  readonly to: number | string | null;
  readonly expected: number;
  readonly bytes: number | null;
  readonly largestRow: number | null;
}

export type ExhaustedRow = Columns<
  typeof batches,
  {
    batch: "id";
    entity: "entity";
    after: "after_key";
    to: "to_key";
    expected: "expected";
    bytes: "read_bytes";
    largestRow: "largest_row_bytes";
  }
>;

/** Columns of a batch as `Exhausted` names them. */
export const EXHAUSTED = `id as batch, entity, after_key as after, to_key as "to", expected, read_bytes as bytes, largest_row_bytes as "largestRow"`;

/** For each entity of a run, the batch that failed this way; of several, the one with the largest row. */
export async function exhaustedBatches(db: Queryable, runId: number): Promise<Exhausted[]> {
  const found = await db.query<ExhaustedRow>(
    `select distinct on (entity) ${EXHAUSTED} from migration.batches
     where run_id = $1 and status = 'failed' and error_code = 'attempts_exhausted'
     order by entity, largest_row_bytes desc nulls last, id`,
    [runId],
  );
  return found.rows;
}
