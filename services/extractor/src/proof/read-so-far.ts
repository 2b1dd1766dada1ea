/** Which entities runs have read. */
import type { Queryable } from "@nexus/shared/database";

/**
 * SQL of an entity `e` of a run: it was planned to its end, and there was nothing to read. A repair has batches; a delta that found rows as they
 * were read none of them: whether others have is told by their batches.
 */
export const FOUND_EMPTY = `(e.status = 'complete' and e.batches = 0 and e.unchanged = 0)`;

/** Their names: a run has read rows of them, or has found that there are none. */
export async function readSoFar(target: Queryable): Promise<ReadonlySet<string>> {
  const found = await target.query<{ entity: string }>(
    `select entity from migration.batches where status = 'done'
     union select entity from migration.run_entities e where ${FOUND_EMPTY}`,
  );
  return new Set(found.rows.map(({ entity }) => entity));
}
