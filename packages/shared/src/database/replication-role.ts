/** Whether sessions replicate: foreign keys and triggers are then switched off. */
import type { Queryable } from "./pool.ts";

const REPLICATES =
  "session_replication_role is replica, which switches foreign keys off: reset it for role and database";

/**
 * The problem in words, if new sessions of this role in this database replicate. What role and database say counts as it is now:
 * this session may have begun before somebody put it right.
 */
export async function sessionsReplicate(tx: Queryable): Promise<string | undefined> {
  const { rows } = await tx.query(
    `select where 'replica' = coalesce(
       (select split_part(setting, '=', 2)
        from pg_catalog.pg_db_role_setting s cross join unnest(s.setconfig) setting
        where setting like 'session\\_replication\\_role=%'
          and s.setdatabase in (0, (select oid from pg_catalog.pg_database where datname = current_database()))
          and s.setrole in (0, (select oid from pg_catalog.pg_roles where rolname = session_user))
        order by s.setrole <> 0 desc, s.setdatabase <> 0 desc limit 1),
       (select setting from pg_catalog.pg_settings where name = 'session_replication_role'
          and source not in ('global', 'database', 'user', 'database user')))
       or exists (select from pg_catalog.pg_settings where name = 'session_replication_role'
          and setting = 'replica' and source in ('client', 'session', 'command line', 'environment variable'))`,
  );
  return rows.length > 0 ? REPLICATES : undefined;
}
