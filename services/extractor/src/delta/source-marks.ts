/**
 * Whether anything was written in a table of the source since a run began: by the versions of its rows, which PostgreSQL keeps. It is for what
 * changes seldom: a table of 67,000 rows is looked at in a tenth of the time that its rows' fingerprints take.
 */
import { type Entity, type SourceShape, tablesRead } from "@nexus/catalog";
import { type Queryable, readOnly } from "@nexus/shared/database";
import type { Run } from "@nexus/shared/ledger";
import type { Deps } from "../deps.ts";
import { LOCK_MS } from "../setbacks.ts";
import { columnDefinitions } from "./column-definitions.ts";

/**
 * Of each table that these entities read, a digest of where its rows are and which transactions wrote them: any change makes another one, even one
 * that is taken back, and so does a restart of the server, which may be another one now, and another definition of its columns. A view has none, nor has a table with rows on another server; none has any where one is locked, or
 * cannot be looked at. Ask before a row is read.
 */
export async function sourceMarks(
  { legacy, settings, signal, log }: Pick<Deps, "legacy" | "settings" | "signal" | "log">,
  entities: readonly Entity[],
  shape: SourceShape,
): Promise<Record<string, string>> {
  const read = [...new Set(entities.flatMap((entity) => tablesRead(entity, shape)))];
  const bounds = { statementMs: settings.legacyStatementMs, signal };
  try {
    return await readOnly(legacy, (tx) => marksOf(tx, read), bounds);
  } catch (error) {
    if (signal.aborted) throw error;
    log.warn(
      { err: error },
      "the tables of the source could not be looked at: a later delta compares them",
    );
    return {};
  }
}

async function marksOf(tx: Queryable, names: readonly string[]): Promise<Record<string, string>> {
  const tables = await plainTables(tx, names);
  if (tables.length === 0) return {};
  await tx.query(`set local lock_timeout = ${LOCK_MS}`);
  const found = await tx.query<{ name: string; mark: string }>(
    tables.map(markOf).join(" union all "),
  );
  return Object.fromEntries(found.rows.map(({ name, mark }) => [name, mark]));
}

/** Not views, nor tables of other servers, nor those that have such heirs: their rows have no versions. */
async function plainTables(tx: Queryable, names: readonly string[]): Promise<string[]> {
  const found = await tx.query<{ name: string }>(
    `select c.relname::text as name from pg_catalog.pg_class c
     where pg_catalog.pg_table_is_visible(c.oid) and c.relname = any($1::text[]) and c.relkind = 'r' and not exists (
       with recursive parts as (
         select c.oid union all select i.inhrelid from pg_catalog.pg_inherits i join parts p on i.inhparent = p.oid)
       select from parts join pg_catalog.pg_class f on f.oid = parts.oid where f.relkind = 'f')
     order by 1`,
    [names],
  );
  return found.rows.map(({ name }) => name);
}

/** `offset 0`: each version is written once, not once for each of its hashes. */
function markOf(table: string): string {
  const columns = columnDefinitions(`'${table}'::regclass`);
  return `select '${table}' as name, pg_postmaster_start_time()::text || ' ' || md5(${columns}) || ' ' || count(*) || ' '
      || coalesce(sum(hashtext(version)::bigint * 4294967296 + hashtext('2' || version)), 0) as mark
    from (select v.tableoid::text || v.ctid::text || v.xmin::text as version from ${table} v offset 0) versions`;
}

/** Whether no table that an entity is read from was written to since the newest run began that has read all of it, or compared it. */
export async function isQuiet(
  target: Queryable,
  run: Run,
  entity: Entity,
  shape: SourceShape,
): Promise<boolean> {
  const found = await target.query(
    `select from migration.runs n
     cross join lateral (
       select case when e.status = 'complete' then r.source_marks end as marks
       from migration.run_entities e join migration.runs r on r.id = e.run_id
       where e.entity = $2 and e.run_id < $1 and e.cursor_key > -9223372036854775808
       order by e.run_id desc limit 1) b
     where n.id = $1 and not exists (
       select from unnest($3::text[]) t (name)
       where b.marks ->> t.name is null or b.marks ->> t.name is distinct from n.source_marks ->> t.name)`,
    [run.id, entity.name, tablesRead(entity, shape)],
  );
  return found.rowCount === 1;
}
