import { entities, inDependencyOrder, tablesReadByAny } from "@nexus/catalog";
import {
  connectionsNeeded,
  RefusedError,
  StartFailure,
  UnavailableError,
} from "@nexus/shared/config";
import {
  connectionNotes,
  type Pool,
  preflightLegacy,
  type Queryable,
  readOnly,
} from "@nexus/shared/database";
import { duration } from "../words.ts";
import { type Finding, note, well, wrong } from "./finding.ts";
import type { Settings } from "./settings.ts";

const STATEMENT_MS = 10_000;

/** Seconds after which a statement of ours is worth a word. Most take less than one. */
const SLOW_SECONDS = 5;

/** Whether the source is there, readable, and answers in time. PostgreSQL 9.5 syntax. */
export async function examineLegacy(legacy: Pool, settings: Settings): Promise<Finding[]> {
  try {
    const ordered = inDependencyOrder(entities);
    const shape = await preflightLegacy(legacy, ordered, settings);
    const tables = tablesReadByAny(ordered, shape);
    const found = await readOnly(legacy, (tx) => stalls(tx, tables), { statementMs: STATEMENT_MS });
    const needed = connectionsNeeded("legacy", settings.LEGACY_POOL);
    const few = await connectionNotes(legacy, needed, "LEGACY_POOL");
    return [
      ...(found.length > 0
        ? found
        : [well("legacy", "it has what the mapping needs, and may be read")]),
      ...shape.notes.map(({ code, says }) => note("legacy", code, says)),
      ...few.map((says) => note("legacy", "few_connections", says)),
    ];
  } catch (error) {
    if (!(error instanceof StartFailure)) throw error;
    const unreachable = error instanceof UnavailableError || error instanceof RefusedError;
    const next = unreachable
      ? "do what it says, or correct LEGACY_URL; batches wait meanwhile"
      : "do what it says, then `nexus preflight`";
    return [
      wrong("legacy", unreachable ? "legacy_unreachable" : "legacy_unfit", error.message, next),
    ];
  }
}

async function stalls(tx: Queryable, tables: readonly string[]): Promise<Finding[]> {
  return [...(await lockedTables(tx, tables)), ...(await slowStatements(tx))];
}

interface Lock {
  readonly pid: number;
  readonly name: string;
  readonly tables: string;
  readonly waiting: number;
}

/** Only ACCESS EXCLUSIVE keeps readers out. */
async function lockedTables(tx: Queryable, tables: readonly string[]): Promise<Finding[]> {
  const { rows } = await tx.query<Lock>(
    `select l.pid, coalesce(nullif(a.application_name, ''), 'without a name') as name,
       string_agg(distinct c.relname, ', ' order by c.relname) as tables,
       (select count(distinct w.pid) from pg_locks w where not w.granted and w.relation = any(array_agg(l.relation))) as waiting
     from pg_locks l
     join pg_class c on c.oid = l.relation
     left join pg_stat_activity a on a.pid = l.pid
     where l.granted and l.mode = 'AccessExclusiveLock' and c.relname = any($1::text[]) and l.pid <> pg_backend_pid()
       and l.database = (select oid from pg_database where datname = current_database())
     group by l.pid, a.application_name`,
    [tables],
  );
  return rows.map(({ pid, name, tables, waiting }) =>
    wrong(
      "legacy",
      "source_locked",
      `session ${pid} (${name}) keeps every reader out of ${tables}; sessions that wait for it: ${waiting}`,
      `let it commit, or have it ended there: select pg_terminate_backend(${pid})`,
    ),
  );
}

interface Slow {
  readonly name: string;
  readonly statements: number;
  readonly seconds: number;
}

async function slowStatements(tx: Queryable): Promise<Finding[]> {
  const { rows } = await tx.query<Slow>(
    `select application_name as name, count(*) as statements, extract(epoch from max(now() - query_start))::integer as seconds
     from pg_stat_activity
     where datname = current_database() and application_name like 'nexus-%' and state = 'active' and pid <> pg_backend_pid()
       and query_start < now() - $1::integer * interval '1 second'
     group by 1 order by 1`,
    [SLOW_SECONDS],
  );
  return rows.map(({ name, statements, seconds }) =>
    wrong(
      "legacy",
      "source_slow",
      `the source is slow: statements of ${name} that run for more than ${SLOW_SECONDS} s: ${statements}, the longest for ${duration(seconds)}`,
      "look at the legacy server's load; LEGACY_STATEMENT_MS ends them, BATCH_ROWS makes them smaller",
    ),
  );
}
