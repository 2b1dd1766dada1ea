import type { Queryable } from "@nexus/shared/database";

/** Rows read per second over the last 30 s, or since the run began if that is less. */
export async function measureRate(db: Queryable, runId: number): Promise<number> {
  const measured = await db.query<{ rate: number }>(
    `select (coalesce(sum(b.read), 0) / greatest(1, least(30, extract(epoch from now() - r.started_at))))::float8 as rate
     from migration.runs r
     left join migration.batches b
       on b.run_id = r.id and b.status = 'done' and b.finished_at > now() - interval '30 s'
     where r.id = $1 group by r.started_at`,
    [runId],
  );
  return Math.round(measured.rows[0]?.rate ?? 0);
}
