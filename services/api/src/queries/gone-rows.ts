/** Rows of the target that are gone from the source, to be looked at by people: keys only. */
import type { Queryable } from "@nexus/shared/database";
import { and, eq, given, type GoneFate, goneRows, query, read, sql } from "@nexus/shared/tables";
import type { ExceptionFilter } from "./exceptions.ts";

/** A row of the target whose key is gone from the source. */
export interface GoneRow {
  readonly legacyId: number | string;
  /** The first and the newest run that found it gone. */
  readonly foundRun: number;
  readonly runId: number;
  /** What was done about it, or why it was left. Null: nothing was to be done. */
  readonly fate: GoneFate | null;
}

/** A page of gone rows in the order of their keys, as the newest comparison found them. `after`: the last key of the page before. */
export async function listGone(
  db: Queryable,
  entity: string,
  { after, limit }: Pick<ExceptionFilter, "after" | "limit">,
): Promise<GoneRow[]> {
  const { legacy_id: legacyId, found_run: foundRun, run_id: runId, fate } = goneRows;
  const wanted = and(
    eq(goneRows.entity, entity),
    eq(goneRows.stale, false),
    given(after, (key) => sql`${legacyId} > ${key}::bigint`),
  );
  return await read(
    db,
    query
      .select({ legacyId, foundRun, runId, fate })
      .from(goneRows)
      .where(wanted)
      .orderBy(legacyId)
      .limit(limit),
  );
}
