/** What can be seen of those who write in the source. SELECT only, PostgreSQL 9.5 syntax; counts and names of tables, never a row. */
import { type Queryable, readOnly } from "@nexus/shared/database";
import type { Deps } from "../deps.ts";

/** One look. */
export interface SourceLook {
  /** Seconds by the source's clock. */
  readonly at: number;
  /** It repeats what a primary does: its own counters say nothing. */
  readonly standby: boolean;
  /** `track_counts`: its counters move. */
  readonly counts: boolean;
  /** When somebody set the counters back. */
  readonly reset: string | null;
  /** `default_transaction_read_only`: who connects anew does not write, unless he says that he does. */
  readonly readOnlyByDefault: boolean;
  /** Which transactions that write were begun and are over, in any database of the server: two that are equal, and nothing was committed between. */
  readonly snapshot: string;
  /** Transactions, prepared ones too, that hold locks on tables with which one writes. */
  readonly writers: number;
  /** Its `server_version_num`. */
  readonly version: number;
  /** When its server was started. */
  readonly started: string;
  /** Sessions of others in this database. */
  readonly sessions: number;
  /**
   * Rows that were ever inserted, updated or deleted, by table, in transactions that gave up as well. An idle session tells it up to 10 s late; before
   * PostgreSQL 15 with its next transaction, or when it ends.
   */
  readonly writes: Readonly<Record<string, number>>;
}

const LOOK = `
  select extract(epoch from clock_timestamp())::float8 as at, pg_is_in_recovery() as standby,
    current_setting('track_counts')::boolean as counts, current_setting('server_version_num')::integer as version,
    pg_postmaster_start_time()::text as started,
    (select count(*)::integer from pg_stat_activity
     where datname = current_database() and pid <> pg_backend_pid() and usesysid is not null
       and coalesce(application_name, '') not like 'nexus-%') as sessions,
    (select stats_reset::text from pg_stat_database where datname = current_database()) as reset,
    coalesce((select reset_val = 'on' from pg_settings where name = 'default_transaction_read_only'), false) as "readOnlyByDefault",
    txid_current_snapshot()::text as snapshot,
    (select count(distinct l.virtualtransaction)::integer
     from pg_locks l join pg_class c on c.oid = l.relation join pg_namespace n on n.oid = c.relnamespace
     where l.granted and l.locktype = 'relation'
       and l.database = (select oid from pg_database where datname = current_database())
       and l.mode in ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
       and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast') and n.nspname not like 'pg_temp%') as writers`;

const WRITES = `
  select case when schemaname = 'public' then relname::text else schemaname || '.' || relname end as "table",
    (n_tup_ins + n_tup_upd + n_tup_del)::float8 as writes
  from pg_stat_user_tables where schemaname not like 'pg_temp%' order by 1`;

/** What of the extractor a look needs. */
interface Looking extends Pick<Deps, "legacy" | "signal"> {
  readonly settings: Pick<Deps["settings"], "legacyStatementMs">;
}

/** Looks once, in a transaction of its own. */
export async function lookAtSource({ legacy, settings, signal }: Looking): Promise<SourceLook> {
  const bounds = { statementMs: settings.legacyStatementMs, signal };
  return await readOnly(legacy, look, bounds);
}

async function look(tx: Queryable): Promise<SourceLook> {
  const found = await tx.query<Omit<SourceLook, "writes">>(LOOK);
  const [row] = found.rows;
  if (row === undefined) throw new Error("a look at the source without a row");
  const counted = await tx.query<{ table: string; writes: number }>(WRITES);
  const writes = Object.fromEntries(counted.rows.map(({ table, writes: rows }) => [table, rows]));
  return { ...row, writes };
}

/** What happened between two looks. */
export interface Movement {
  /** Somebody wrote. */
  readonly wrote: boolean;
  /** Where, as far as that is told. */
  readonly tables: readonly string[];
  /** A transaction that writes was begun or ended on the server: in this database, in another one, or by the server's own maintenance. */
  readonly begun: boolean;
  /** The counters were set back, and cannot be compared. */
  readonly setBack: boolean;
}

/** Most tables that are named. */
export const NAMED = 10;

/** From here on an idle session tells its counts within 10 s. */
const TELLS = 150_000;

/** Sessions that may have written and not told it: counters that stand still say nothing of them. */
export function untold({ version, sessions }: SourceLook): number {
  return version < TELLS ? sessions : 0;
}

/** Counters alone may be late news of what was written before. Where they tell nothing, any transaction may have written here. */
export function movement(before: SourceLook, now: SourceLook): Movement {
  const names = [...new Set([...Object.keys(before.writes), ...Object.keys(now.writes)])];
  const tables = names.filter((name) => before.writes[name] !== now.writes[name]);
  const begun = before.snapshot !== now.snapshot;
  const counted = now.counts && before.counts && !now.standby;
  return {
    wrote: begun && (!counted || tables.length > 0),
    tables: tables.slice(0, NAMED),
    begun,
    setBack: counted && before.reset !== now.reset,
  };
}
