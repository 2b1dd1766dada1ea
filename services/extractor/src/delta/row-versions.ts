/** Asks the source for the versions of what its rows are read from. See docs/decisions/delta.md. */
import {
  type Entity,
  GROUP_BITS,
  rowVersionsSql,
  type SourceShape,
  tablesRead,
} from "@nexus/catalog";
import { type Queryable, readOnly } from "@nexus/shared/database";
import { BEGINNING, type Key } from "@nexus/shared/ledger";
import type { Deps } from "../deps.ts";
import { LOCK_MS } from "../setbacks.ts";
import { columnDefinitions } from "./column-definitions.ts";
import type { RowVersions, VersionsPage } from "./kept-versions.ts";

/** Rows of a page: the source holds them, and what they are read from, in memory at once. */
const PAGE = 200_000;

/**
 * Of all rows of an entity. To be asked before one is read or compared: what is written in between is then found once more, and never missed. Undefined
 * where the entity does not say what its rows are read from, or the source cannot say: a later delta compares the rows themselves.
 */
export async function rowVersions(
  { legacy, settings, signal, log }: Pick<Deps, "legacy" | "settings" | "signal" | "log">,
  entity: Entity,
  shape: SourceShape,
): Promise<RowVersions | undefined> {
  const sql = rowVersionsSql(entity, shape);
  if (sql === undefined) return undefined;
  const bounds = { statementMs: settings.legacyStatementMs, signal };
  try {
    return await readOnly(
      legacy,
      async (tx) => {
        await tx.query(`set local lock_timeout = ${LOCK_MS}`);
        const source = await sourceOf(tx, tablesRead(entity, shape));
        return source === null ? undefined : { source, pages: await pagesOf(tx, entity, sql) };
      },
      bounds,
    );
  } catch (error) {
    if (signal.aborted) throw error;
    log.warn(
      { err: error, entity: entity.name },
      "the versions of the source's rows could not be read: a later delta compares the rows",
    );
    return undefined;
  }
}

/**
 * A digest of the server's start and of the tables as they are defined: a value may become another one without a row being written where a column is
 * renamed, an enum's label is, or a table exchanged; and another server, as one that was restored, may write the same numbers anew. Null where one is no plain table: a
 * view's rows have no versions.
 */
async function sourceOf(tx: Queryable, tables: readonly string[]): Promise<string | null> {
  const found = await tx.query<{ source: string | null }>(
    `select case when count(*) = cardinality($1::text[]) and bool_and(c.relkind = 'r' and not c.relhassubclass) then
       md5(pg_postmaster_start_time()::text || string_agg(c.oid::text || ' ' || ${columnDefinitions("c.oid")}, ';' order by c.oid)) end as source
     from pg_catalog.pg_class c where pg_catalog.pg_table_is_visible(c.oid) and c.relname = any($1::text[])`,
    [tables],
  );
  return found.rows[0]?.source ?? null;
}

/** The arrays stay text: they go on to the ledger as they are. */
async function pagesOf(
  tx: Queryable,
  { source: { table, key } }: Entity,
  sql: string,
): Promise<VersionsPage[]> {
  const pages: VersionsPage[] = [];
  for (let after: Key = BEGINNING; after !== GREATEST;) {
    const last = await keyBehind(tx, { table, key }, after);
    const found = await tx.query<Omit<VersionsPage, "after">>(
      `select coalesce(array_agg(place)::text, '{}') as places, coalesce(array_agg(rows)::text, '{}') as counts,
         coalesce(array_agg(version)::text, '{}') as versions from (${sql}) v`,
      [after, last],
    );
    const from = after;
    pages.push(...found.rows.map((page) => ({ after: from, ...page })));
    after = last;
  }
  return pages;
}

const GREATEST = "9223372036854775807";

/** The last key of the page behind another, where a group ends; the greatest of all where that is the last page. */
async function keyBehind(
  tx: Queryable,
  { table, key }: { readonly table: string; readonly key: string },
  after: Key,
): Promise<Key> {
  const found = await tx.query<{ key: Key }>(
    `select ${key}::bigint | ${2 ** GROUP_BITS - 1} as key from ${table} where ${key} > $1::bigint order by ${key} offset ${PAGE - 1} limit 1`,
    [after],
  );
  return found.rows[0]?.key ?? GREATEST;
}
