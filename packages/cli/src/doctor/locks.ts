import { type Pool, type Queryable, readOnly } from "@nexus/shared/database";
import { duration } from "../words.ts";
import { type Finding, wrong } from "./finding.ts";

const STATEMENT_MS = 10_000;

interface Holder {
  readonly pid: number;
  readonly name: string;
  readonly state: string | null;
  readonly seconds: number | null;
  readonly tables: string;
  readonly waiting: number;
}

/** Sessions of others that keep us from writing. What they run is not shown: it may quote values. */
export async function examineLocks(target: Pool): Promise<Finding[]> {
  const holders = await readOnly(target, holdersOf, { statementMs: STATEMENT_MS });
  return holders.map(({ pid, name, state, seconds, tables, waiting }) =>
    wrong(
      "target",
      "table_locked",
      `session ${pid} (${name}, ${state ?? "state unknown"}${seconds === null ? "" : `, in a transaction for ${duration(seconds)}`}) ` +
        `holds a lock on ${tables}; sessions that wait for it: ${waiting}`,
      `let it commit, or end it: select pg_terminate_backend(${pid})`,
    ),
  );
}

/** Tables of the target and the ledger that somebody else has locked against writing, and rows of them that our sessions wait for. */
async function holdersOf(tx: Queryable): Promise<Holder[]> {
  const { rows } = await tx.query<Holder>(
    `with
     -- The tables of the target and the ledger.
     ours as (
       select c.oid, format('%I.%I', n.nspname, c.relname) as name
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where n.nspname in ('public', 'migration') and c.relkind in ('r', 'p')),
     -- Who waits for whom.
     waits as (
       select w.pid, b.pid as holder from pg_stat_activity w, unnest(pg_blocking_pids(w.pid)) as b (pid)
       where w.datname = current_database() and w.wait_event_type = 'Lock'),
     -- Locks on whole tables that keep writers out.
     strong as (
       select l.pid, l.relation from pg_locks l join ours on ours.oid = l.relation
       where l.granted and l.database = (select oid from pg_database where datname = current_database())
         and l.mode in ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')),
     -- Locks on rows, of sessions that somebody waits for.
     rows_held as (
       select l.pid, l.relation from pg_locks l join ours on ours.oid = l.relation
       where l.granted and l.mode in ('RowShareLock', 'RowExclusiveLock') and l.pid in (select holder from waits)),
     held as (select * from strong union select * from rows_held)
     select a.pid, coalesce(nullif(a.application_name, ''), 'without a name') as name, a.state,
       extract(epoch from now() - a.xact_start)::integer as seconds,
       string_agg(distinct ours.name, ', ' order by ours.name) as tables,
       (select count(distinct w.pid) from waits w where w.holder = a.pid) as waiting
     from held join ours on ours.oid = held.relation join pg_stat_activity a on a.pid = held.pid
     where a.pid <> pg_backend_pid() and a.backend_type = 'client backend' and a.application_name not like 'nexus-%'
     group by a.pid, a.application_name, a.state, a.xact_start order by a.xact_start`,
  );
  return rows;
}
