/** Whether sessions replicate: foreign keys and triggers are then switched off. */
import type { Queryable } from "./pool.ts";

const REPLICATES =
  "session_replication_role is replica, which switches foreign keys off: reset it for role and database";

/** Where settings come from that `alter role` and `alter database` make. */
const KEPT = "'global', 'database', 'user', 'database user'";

/**
 * The problem in words, if new sessions of this role in this database replicate. What role and database say counts as it is now, since
 * this session may have begun before somebody put it right; what the address of the database says counts before it.
 */
export async function sessionsReplicate(tx: Queryable): Promise<string | undefined> {
  const { rows } = await tx.query(
    `select from pg_catalog.pg_settings s
       left join lateral (
         select split_part(setting, '=', 2) as setting
         from pg_catalog.pg_db_role_setting r cross join unnest(r.setconfig) setting
         where setting like 'session\\_replication\\_role=%'
           and r.setdatabase in (0, (select oid from pg_catalog.pg_database where datname = current_database()))
           and r.setrole in (0, (select oid from pg_catalog.pg_roles where rolname = session_user))
         order by r.setrole <> 0 desc, r.setdatabase <> 0 desc limit 1) kept on true
     where s.name = 'session_replication_role' and 'replica' = case
       when s.source in ('client', 'session') then s.setting
       when s.source in (${KEPT}) then kept.setting
       else coalesce(kept.setting, s.setting) end`,
  );
  return rows.length > 0 ? REPLICATES : undefined;
}
