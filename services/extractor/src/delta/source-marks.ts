/**
 * Whether anything was written in a table of the source since a run began: by the versions of its rows, which PostgreSQL keeps. It is for what
 * changes seldom: a table of 67,000 rows is looked at in a tenth of the time that its rows' fingerprints take.
 */
import { type Entity, type SourceShape, tablesRead, tablesReadByAny } from "@nexus/catalog";
import { LONG_MS, nextStep, type Queryable, readOnly } from "@nexus/shared/database";
import { openCutover, type Run } from "@nexus/shared/ledger";
import type { Deps } from "../deps.ts";
import { LOCK_MS, PATIENT_LOCK_MS } from "../setbacks.ts";
import { columnDefinitions } from "./column-definitions.ts";

/** How long it is waited for, in milliseconds: for the rows of all tables, and for a lock on one. */
interface Patience {
  readonly statementMs: number;
  readonly lockMs: number;
}

/** A cut-over goes by what is found: it has the time that large tables take. */
const OF_A_CUTOVER: Patience = { statementMs: LONG_MS, lockMs: PATIENT_LOCK_MS };

/** What of the extractor a look needs. */
type Looking = Pick<Deps, "legacy" | "signal">;

/**
 * The marks with which a run begins. Ask before a row is read. Where they cannot be had there are none, and a later delta compares rows: one that is
 * slow, or locked, keeps no run waiting. The last delta of a cut-over is worth more time, and throws what passes by itself.
 */
export async function marksToBegin(
  deps: Looking & Pick<Deps, "target" | "settings" | "log">,
  entities: readonly Entity[],
  shape: SourceShape,
): Promise<Record<string, string>> {
  const { target, settings, signal, log } = deps;
  const ofCutover = (await openCutover(target))?.kind === "go";
  const ofAnyRun = { statementMs: settings.legacyStatementMs, lockMs: LOCK_MS };
  const begun = performance.now();
  try {
    return await sourceMarks(deps, entities, shape, ofCutover ? OF_A_CUTOVER : ofAnyRun);
  } catch (error) {
    if (signal.aborted || (ofCutover && passesByItself(deps, error, begun))) throw error;
    log.warn(
      { err: error },
      "the tables of the source could not be looked at: a later delta compares them",
    );
    return {};
  }
}

/**
 * Whether a look that failed is worth another one. What ended it when it had lasted for longer than any other statement of ours may (a watch
 * over long statements, a firewall that forgets silent connections) would end the next one, too. `begun`: by `performance.now()`.
 */
export function passesByItself(
  { settings }: Pick<Deps, "settings">,
  error: unknown,
  begun: number,
): boolean {
  return nextStep(error) === "wait" && performance.now() - begun < settings.legacyStatementMs;
}

/**
 * Of each table that these entities read, a digest of where its rows are and which transactions wrote them: any change makes another one, even one
 * that is taken back, and so does a restart of the server, which may be another one now, and another definition of its columns. A view has none, nor
 * has a table with rows on another server. All are of one moment, after all locks. Throws where a table is locked for longer, or cannot be looked at.
 */
export async function sourceMarks(
  { legacy, signal }: Looking,
  entities: readonly Entity[],
  shape: SourceShape,
  { statementMs, lockMs }: Patience = OF_A_CUTOVER,
): Promise<Record<string, string>> {
  const read = tablesReadByAny(entities, shape);
  const look = async (tx: Queryable) => {
    await tx.query(`set local lock_timeout = ${lockMs}`);
    return await marksOf(tx, await plainTables(tx, read));
  };
  return await readOnly(legacy, look, { statementMs, signal });
}

/** In one statement: it has all locks before it sees a row. With one for each table, who holds a lock on a later one may commit to an earlier one. */
async function marksOf(tx: Queryable, tables: readonly string[]): Promise<Record<string, string>> {
  if (tables.length === 0) return {};
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
