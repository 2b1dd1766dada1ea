/** Whether sessions replicate: foreign keys and triggers are then switched off. */
import type { Queryable } from "./pool.ts";

const REPLICATES =
  "session_replication_role is replica, which switches foreign keys off: reset it for role and database";

/** The problem in words, if this session replicates, or the next one of its role and database will. Nothing if neither does. */
export async function sessionsReplicate(tx: Queryable): Promise<string | undefined> {
  const { rows } = await tx.query<{ now: string; next: string | null }>(
    `select current_setting('session_replication_role') as now,
       (select split_part(setting, '=', 2)
        from pg_catalog.pg_db_role_setting s cross join unnest(s.setconfig) setting
        where setting like 'session\\_replication\\_role=%'
          and s.setdatabase in (0, (select oid from pg_catalog.pg_database where datname = current_database()))
          and s.setrole in (0, (select oid from pg_catalog.pg_roles where rolname = session_user))
        order by s.setrole <> 0 desc, s.setdatabase <> 0 desc limit 1) as next`,
  );
  return rows.some(({ now, next }) => now === "replica" || next === "replica")
    ? REPLICATES
    : undefined;
}
