/** Foreign tables of the source: their rows lie on other servers, which may be away while the source is there. PostgreSQL 9.5 syntax. */
import { errorCode, lostElsewhere } from "./failures.ts";
import type { Pool, Queryable } from "./pool.ts";
import { FOUND_BY_NAME } from "./source-tables.ts";
import { readOnly } from "./transaction.ts";
import { KEPT_FROM_US, refusalOf } from "./tried.ts";

interface ForeignTable {
  /** As we read it, and as it is asked for. */
  readonly table: string;
  readonly foreign: string;
  readonly server: string;
  /** It stands there itself, and not behind a view or a partitioned table. */
  readonly itself: boolean;
}

/** Says of each of the tables that lies on a server which the source cannot reach where it lies. */
export async function awayFromSource(
  legacy: Pool,
  tables: readonly string[],
  statementMs: number,
): Promise<string[]> {
  return await readOnly(
    legacy,
    async (tx) => {
      const away: string[] = [];
      for (const one of await foreignTables(tx, tables)) {
        const code = await codeOf(tx, one);
        if (code !== undefined) away.push(inWords(one, code));
      }
      return away;
    },
    { statementMs },
  );
}

/** Those that the tables are, or are read from: through views, partitions and heirs. */
async function foreignTables(tx: Queryable, tables: readonly string[]): Promise<ForeignTable[]> {
  const { rows } = await tx.query<ForeignTable>(
    `with recursive read ("table", oid, depth) as (
       select c.relname::text, c.oid, 0 from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where ${FOUND_BY_NAME} and c.relname = any($1::text[])
       union
       select r."table", b.oid, r.depth + 1 from read r join (
         select w.ev_class as whole, d.refobjid as oid from pg_catalog.pg_rewrite w
           join pg_catalog.pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid and d.refclassid = 'pg_class'::regclass
         union
         select i.inhparent, i.inhrelid from pg_catalog.pg_inherits i) b on b.whole = r.oid and b.oid <> r.oid
        where r.depth < 32)
     select distinct r."table", format('%I.%I', n.nspname, c.relname) as foreign, s.srvname::text as server, r.depth = 0 as itself
       from read r
       join pg_catalog.pg_foreign_table f on f.ftrelid = r.oid
       join pg_catalog.pg_foreign_server s on s.oid = f.ftserver
       join pg_catalog.pg_class c on c.oid = r.oid
       join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      order by 1, 2`,
    [tables],
  );
  return rows;
}

/**
 * What the source answers where it cannot reach the server; undefined where it can, or nobody can tell. No row is read. What stands behind
 * a view may be kept from us: then the view is asked.
 */
async function codeOf(
  tx: Queryable,
  { foreign, table }: ForeignTable,
): Promise<string | undefined> {
  const itself = await askedFor(tx, foreign);
  const answer = itself === KEPT_FROM_US ? await askedFor(tx, table) : itself;
  return answer === KEPT_FROM_US ? undefined : answer;
}

async function askedFor(tx: Queryable, table: string): Promise<string | undefined> {
  const error = await refusalOf(tx, `select * from ${table} limit 0`);
  const code = errorCode(error);
  return lostElsewhere(error) || code === KEPT_FROM_US ? code : undefined;
}

function inWords({ table, foreign, server, itself }: ForeignTable, code: string): string {
  const what = itself ? "is a foreign table" : `is read from the foreign table ${foreign}`;
  return `${table} ${what} of server ${server}, and that server cannot be reached from the source (${code}): start it, or correct its options and the user mapping`;
}
