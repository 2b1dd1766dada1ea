/** The source as a run began with it. Who looked while a table of it is away would read what is left, for the whole run. */
import { sourceShape, type SourceShape } from "@nexus/catalog";
import { z } from "zod";
import type { Queryable } from "../database/pool.ts";

const stored = z.array(
  z.object({ table: z.string(), column: z.string(), type: z.string(), category: z.string() }),
);

/** Keeps with a run the columns of its source, and the zone in which times without one are read. */
export async function recordSource(
  db: Queryable,
  runId: number,
  { zone, columns }: SourceShape,
): Promise<void> {
  await db.query(
    `update migration.runs set source_timezone = $2, source_columns = $3::jsonb where id = $1`,
    [runId, zone, JSON.stringify(columns)],
  );
}

/** The shape of the source when the run began; undefined for a run that an older release began. */
export async function sourceAtBegin(
  db: Queryable,
  runId: number,
): Promise<SourceShape | undefined> {
  const found = await db.query<{ zone: string | null; columns: string }>(
    `select source_timezone as zone, source_columns::text as columns from migration.runs
     where id = $1 and source_columns is not null`,
    [runId],
  );
  const [run] = found.rows;
  return run && sourceShape(stored.parse(JSON.parse(run.columns)), run.zone ?? undefined);
}
