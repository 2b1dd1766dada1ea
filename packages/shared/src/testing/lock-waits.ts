import type { Queryable } from "../database/pool.ts";

/** How many sessions on this database wait for a lock. For `eventually`: that an operation waits is seen, not guessed. */
export async function lockWaits(db: Queryable): Promise<number> {
  const found = await db.query<{ count: number }>(
    `select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
  );
  return found.rows[0]?.count ?? 0;
}
