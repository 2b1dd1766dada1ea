/** The source as a run began with it. Who looked while a table of it is away would read what is left, for the whole run. */
import { sourceShape, type SourceShape } from "@nexus/catalog";
import { z } from "zod";
import type { Queryable } from "../database/pool.ts";

const stored = z.array(
  z.object({ table: z.string(), column: z.string(), type: z.string(), category: z.string() }),
);

/**
 * Keeps with a run the columns of its source, the zone in which times without one are read, and what its source's transactions could see
 * (`sourceSnapshot`): who wrote later was perhaps not read by this run.
 */
export async function recordSource(
  db: Queryable,
  runId: number,
  { zone, columns }: SourceShape,
  snapshot?: string,
): Promise<void> {
  await db.query(
    `update migration.runs set source_timezone = $2, source_columns = $3::jsonb, source_snapshot = $4 where id = $1`,
    [runId, zone, JSON.stringify(columns), snapshot ?? null],
  );
}

/** What transactions of the source can see now, as PostgreSQL from 9.5 on writes it down. To be asked before a row is read. */
export async function sourceSnapshot(source: Queryable): Promise<string> {
  const found = await source.query<{ snapshot: string }>(
    `select txid_current_snapshot()::text as snapshot`,
  );
  return found.rows[0]?.snapshot ?? "";
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
