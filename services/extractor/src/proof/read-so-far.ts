/** Which entities runs have read rows of. */
import type { Queryable } from "@nexus/shared/database";

/** Their names. */
export async function readSoFar(target: Queryable): Promise<ReadonlySet<string>> {
  const found = await target.query<{ entity: string }>(
    `select distinct entity from migration.batches where status = 'done'`,
  );
  return new Set(found.rows.map(({ entity }) => entity));
}
