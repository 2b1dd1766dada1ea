import type { Queryable } from "../database/pool.ts";

/**
 * How many sessions on this database wait for a lock; `of` one service, if named. For `eventually`: that an operation waits is seen,
 * not guessed.
 */
export async function lockWaits(db: Queryable, of?: string): Promise<number> {
  const found = await db.query<{ count: number }>(
    `select count(*) from pg_stat_activity
     where datname = current_database() and wait_event_type = 'Lock' and application_name like $1`,
    [of === undefined ? "%" : `nexus-${of}`],
  );
  return found.rows[0]?.count ?? 0;
}
