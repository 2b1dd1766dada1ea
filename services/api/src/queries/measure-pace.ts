import type { Queryable } from "@nexus/shared/database";
import {
  and,
  batches,
  desc,
  eq,
  gt,
  ne,
  query,
  read,
  runEntities,
  sql,
} from "@nexus/shared/tables";
import type { Pace, Slice } from "../outlook/evidence.ts";

/** The pace is looked at in twelve slices of the last five minutes, or of the time since the first entity opened. */
const SLICES = 12;
const WINDOW_SECONDS = 300;

/** How fast a run's batches were done. Undefined before the first entity opened. */
export async function measurePace(db: Queryable, runId: number): Promise<Pace | undefined> {
  const seconds = await loadingSeconds(db, runId);
  if (seconds === undefined) return undefined;
  const sliceSeconds = Math.max(1, Math.min(WINDOW_SECONDS, seconds)) / SLICES;
  return {
    seconds,
    slices: await slicesOf(db, runId, sliceSeconds),
    sliceCount: SLICES,
    sliceSeconds,
    earlier: await earlierCosts(db, runId),
  };
}

async function slicesOf(db: Queryable, runId: number, seconds: number): Promise<Slice[]> {
  const { entity, finished_at, read: rows } = batches;
  const ago = sql<number>`least(${SLICES - 1}::integer, floor(extract(epoch from now() - ${finished_at}) / ${seconds}::float8))::integer`;
  const recent = and(
    eq(batches.run_id, runId),
    eq(batches.status, "done"),
    sql`${finished_at} > now() - ${seconds * SLICES}::float8 * interval '1 s'`,
    sql`${finished_at} <= now()`,
  );
  return await read(
    db,
    query
      .select({ entity, ago, read: sql<number>`sum(${rows})` })
      .from(batches)
      .where(recent)
      .groupBy(sql`1`, sql`2`),
  );
}

/** Since the first entity opened, without the time in which the run was paused. */
async function loadingSeconds(db: Queryable, runId: number): Promise<number | undefined> {
  const found = await db.query<{ seconds: number | null }>(
    `select (extract(epoch from now() - min(e.started_at)) - (
        select coalesce(sum(extract(epoch from coalesce(
          (select min(r.at) from migration.audit_log r where r.run_id = $1 and r.action = 'resume' and r.id > p.id), now()) - p.at)), 0)
        from migration.audit_log p where p.run_id = $1 and p.action = 'pause'))::float8 as seconds
     from migration.run_entities e where e.run_id = $1`,
    [runId],
  );
  const seconds = found.rows[0]?.seconds ?? undefined;
  return seconds === undefined ? undefined : Math.max(0.001, seconds);
}

/** Milliseconds of loading that a row took in the newest other run of each entity. */
export async function earlierCosts(
  db: Queryable,
  runId: number,
): Promise<ReadonlyMap<string, number>> {
  const { entity, run_id, load_ms, read: rows } = runEntities;
  const found = await read(
    db,
    query
      .selectDistinctOn([entity], { entity, cost: sql<number>`${load_ms}::float8 / ${rows}` })
      .from(runEntities)
      .where(and(ne(run_id, runId), gt(rows, 0), gt(load_ms, 0)))
      .orderBy(entity, desc(run_id)),
  );
  return new Map(found.map(({ entity, cost }) => [entity, cost]));
}

/** What the loaders of a run do now. */
export interface Activity {
  readonly queued: number;
  readonly planned: boolean;
  /** In the last half minute: rows a second, batches, and the share of their time that went into the source. */
  readonly rowsPerSecond: number;
  readonly finished: number;
  readonly sourceShare: number;
}

/** Looks at no more than the queued batches and those of the last half minute, whatever the size of the run. */
export async function measureActivity(db: Queryable, runId: number): Promise<Activity> {
  const found = await db.query<Activity>(
    `select
       (select count(*) from migration.batches b where b.run_id = r.id and b.status = 'queued' and b.entity = any(l.entities)) as queued,
       exists (select from migration.batches b where b.run_id = r.id and b.status = 'planned' and b.entity = any(l.entities)) as planned,
       (recent.read / greatest(1, least(30, extract(epoch from now() - r.started_at))))::float8 as "rowsPerSecond",
       recent.finished, recent.source_share as "sourceShare"
     from migration.runs r,
       lateral (select coalesce(array_agg(entity), '{}') as entities
                from migration.run_entities where run_id = r.id and status = 'loading') l,
       lateral (select coalesce(sum(read), 0) as read, count(*) as finished,
                  coalesce(sum(source_ms)::float8 / nullif(sum(duration_ms) filter (where source_ms is not null), 0), 0) as source_share
                from migration.batches
                where run_id = r.id and status = 'done' and finished_at > now() - interval '30 s') recent
     where r.id = $1`,
    [runId],
  );
  const [row] = found.rows;
  if (row === undefined)
    return { queued: 0, planned: false, rowsPerSecond: 0, finished: 0, sourceShare: 0 };
  return { ...row, rowsPerSecond: Math.round(row.rowsPerSecond) };
}
