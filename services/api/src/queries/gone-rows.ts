/** Rows of the target that are gone from the source, to be looked at by people: keys only. */
import type { Queryable } from "@nexus/shared/database";
import type { ExceptionFilter } from "./exceptions.ts";

/** A row of the target whose key is gone from the source. */
export interface GoneRow {
  readonly legacyId: number | string;
  /** The first and the newest run that found it gone. */
  readonly foundRun: number;
  readonly runId: number;
}

/** A page of gone rows in the order of their keys, as the newest comparison found them. `after`: the last key of the page before. */
export async function listGone(
  db: Queryable,
  entity: string,
  { after, limit }: Pick<ExceptionFilter, "after" | "limit">,
): Promise<GoneRow[]> {
  const found = await db.query<GoneRow>(
    `select legacy_id as "legacyId", found_run as "foundRun", run_id as "runId" from migration.gone_rows
     where entity = $1 and not stale and ($2::bigint is null or legacy_id > $2) order by legacy_id limit $3`,
    [entity, after ?? null, limit],
  );
  return found.rows;
}
