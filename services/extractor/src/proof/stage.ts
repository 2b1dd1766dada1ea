/** Raw rows of the source in temporary tables of the target, for as long as a transaction lasts. */
import { quoted, type SourceShape } from "@nexus/catalog";
import type { Queryable } from "@nexus/shared/database";
import type { Choice, RawColumn, RawTable } from "./raw-tables.ts";
import { asKey, readingOf } from "./raw-values.ts";
import type { Keys, Range } from "./twins.ts";
import type { Writers } from "./writers.ts";

export interface Staging {
  readonly source: Queryable;
  readonly target: Queryable;
  readonly shape: SourceShape;
  readonly keys: Keys;
  readonly writers: Writers;
}

/** Rows that are in memory at once, twice: some are read while others are written. */
const PORTION = 1_000;

/** Makes `raw_<name>` and fills it. */
export async function stage(staging: Staging, raw: RawTable): Promise<void> {
  const { source, target, shape, writers } = staging;
  await target.query(createSql(raw));
  const chosen = await conditionOf(staging, raw);
  if (chosen === null) return;
  await source.query({ text: cursorSql(raw, shape, writers, chosen.sql), values: chosen.values });
  const fetch = async (): Promise<string[]> => {
    const { rows } = await source.query<{ row: string }>(`fetch ${PORTION} from raw_rows`);
    return rows.map(({ row }) => row);
  };
  const insert = insertSql(raw, shape);
  let portion = await fetch();
  while (portion.length > 0) {
    const [next] = await Promise.all([
      portion.length < PORTION ? [] : fetch(),
      target.query(insert, [`[${portion.join(",")}]`]),
    ]);
    portion = next;
  }
  await source.query("close raw_rows");
}

/**
 * `unfit`: columns whose value is none of their type; `undated`: those of them that are dates or instants; `writer`: the transaction that wrote the
 * row last.
 */
function createSql({ name, columns }: RawTable): string {
  const declared = columns.map((column) => `${quoted(column.name)} ${column.type}`);
  return `create temp table raw_${name} (${declared.join(", ")}, unfit text[], undated text[], writer bigint) on commit drop`;
}

function cursorSql(
  { table, columns }: RawTable,
  shape: SourceShape,
  writers: Writers,
  where: string,
): string {
  const zone = literal(shape.zone);
  const sent = columns
    .filter(({ name }) => shape.has(table, name))
    .map(({ name, type }) => {
      const reading = readingOf(type, shape.family(table, name));
      return `${reading.send(quoted(name), zone)} as ${quoted(name)}`;
    });
  return `declare raw_rows no scroll cursor for
    select to_json(r)::text as row from (select ${sent.join(", ")}, ${writers.of(table)} as writer from ${table} where ${where}) r`;
}

function insertSql({ name, table, columns }: RawTable, shape: SourceShape): string {
  const zone = literal(shape.zone);
  const readings = columns.map((column) => ({
    ...column,
    text: `x.${quoted(column.name)}`,
    reading: readingOf(column.type, shape.family(table, column.name)),
  }));
  const read = readings.map(({ text, reading }) => reading.read(text, zone));
  const doubtful = readings.filter(({ reading }) => reading.total);
  const marks = (dated: (column: RawColumn) => boolean): string => {
    const marked = doubtful.filter(dated).map(({ name: column, text, reading }) => {
      const value = reading.read(text, zone);
      return `case when btrim(${text}) <> '' and ${value} is null then '${column}' end`;
    });
    return marked.length === 0
      ? "null::text[]"
      : `nullif(array_remove(array[${marked.join(", ")}], null), '{}')`;
  };
  const declared = columns.map((column) => `${quoted(column.name)} text`).join(", ");
  return `insert into raw_${name}
    select ${read.join(", ")}, ${marks((column) => !isTime(column))}, ${marks(isTime)}, x.writer
    from json_to_recordset($1::json) as x (${declared}, writer bigint)`;
}

function isTime({ type }: RawColumn): boolean {
  return type === "date" || type === "timestamptz";
}

interface Condition {
  readonly sql: string;
  readonly values: unknown[];
}

/** Null: nothing is to be read. A choice by a column that the source has not chooses nothing. */
async function conditionOf(staging: Staging, raw: RawTable): Promise<Condition | null> {
  const { shape } = staging;
  if (raw.needs !== null && !shape.has(raw.needs.table, raw.needs.column)) return null;
  const values: unknown[] = [];
  const pieces: string[] = [];
  for (const choice of raw.choices) {
    if (!shape.has(raw.table, choice.column)) continue;
    const key = asKey(quoted(choice.column), shape.family(raw.table, choice.column));
    const wanted = await wantedBy(staging, choice);
    if (Array.isArray(wanted)) {
      if (wanted.length === 0) continue;
      pieces.push(`${key} = any($${values.push(wanted)}::bigint[])`);
    } else {
      const { from, to } = wanted;
      pieces.push(`${key} between $${values.push(from)}::bigint and $${values.push(to)}::bigint`);
    }
  }
  return pieces.length === 0 ? null : { sql: pieces.join(" or "), values };
}

async function wantedBy(
  { target, keys }: Staging,
  { in: among }: Choice,
): Promise<Range | (number | string)[]> {
  if (among === "keys") return "from" in keys ? keys : [...keys];
  const found = await target.query<{ key: number | string }>(
    `select distinct ${among.column} as key from raw_${among.raw} where ${among.column} is not null`,
  );
  return found.rows.map(({ key }) => key);
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
