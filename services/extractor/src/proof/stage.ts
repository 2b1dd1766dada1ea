/** Raw rows of the source in temporary tables of the target, for as long as a transaction lasts. */
import { quoted, type SourceShape, TEXT_AS_STORED } from "@nexus/catalog";
import { decoderOf, errorCode, type Queryable, UNREADABLE_TEXT } from "@nexus/shared/database";
import {
  decodedPieces,
  LONG_BYTES,
  piecesSql,
  PUT_TOGETHER,
  readPieces,
  writePieces,
} from "./long-rows.ts";
import type { Keys, Range } from "./ranges.ts";
import { declaredType, type Choice, isText, type RawColumn, type RawTable } from "./raw-tables.ts";
import { asKey, readingOf } from "./raw-values.ts";
import { decodedRow, inDigits, type SourceText } from "./stored-rows.ts";
import type { Writers } from "./writers.ts";

export interface Staging {
  readonly source: Queryable;
  readonly target: Queryable;
  readonly shape: SourceShape;
  readonly keys: Keys;
  readonly writers: Writers;
  readonly text: SourceText;
}

/**
 * Rows that are in memory at once, twice: some are read while others are written. What is on its way when the young generation is collected grows
 * old, and stays until all is: with 1,000 rows a verification took 20 to 25 MB more at its peak, and no less of the processor.
 */
const PORTION = 250;

/** Makes `raw_<name>` and fills it. */
export async function stage(staging: Staging, raw: RawTable): Promise<void> {
  const { target, text } = staging;
  await target.query(createSql(raw));
  const chosen = await conditionOf(staging, raw);
  if (chosen === null) return;
  if (text.isTold) return await copyStored(staging, raw, chosen);
  if (text.encoding === "UTF8") return await copy(staging, raw, chosen);
  await copyOrElseStored(staging, raw, chosen);
}

/** The server converts text on its way, and ends the query at the first byte that means nothing: then all is read again as it is stored. */
async function copyOrElseStored(staging: Staging, raw: RawTable, chosen: Condition): Promise<void> {
  const { source, target } = staging;
  await source.query("savepoint as_text");
  try {
    await copy(staging, raw, chosen);
  } catch (error) {
    if (!UNREADABLE_TEXT.test(errorCode(error) ?? "")) throw error;
    await source.query("rollback to savepoint as_text");
    await target.query(`truncate raw_${raw.name}`);
    await copyStored(staging, raw, chosen);
  }
}

/** Copies the chosen rows, the bytes of their text untouched, and decodes them here. */
async function copyStored(staging: Staging, raw: RawTable, chosen: Condition): Promise<void> {
  const { source, text } = staging;
  await source.query(TEXT_AS_STORED);
  const decode = decoderOf(text.label);
  await copy(staging, raw, chosen, (row) => decodedRow(row, raw, decode, text.unreadable));
  await source.query("set local client_encoding = 'UTF8'");
}

/** Makes JSON of the bytes of a row, where its text is not sent as text. */
type Decoded = (row: Buffer) => string;

/** Copies the chosen rows: a portion at a time, and those that are too long for that in pieces. `decoded` left out: they are sent as JSON. */
async function copy(
  staging: Staging,
  raw: RawTable,
  chosen: Condition,
  decoded?: Decoded,
): Promise<void> {
  const { source, target, shape, writers, text } = staging;
  const rows = rowsSql(raw, shape, writers, chosen.sql);
  const long = await copyPortions(staging, raw, { sql: rows, values: chosen.values }, decoded);
  if (long === 0) return;
  await source.query({ text: piecesSql(rows), values: chosen.values });
  const pieces = readPieces(source);
  await writePieces(target, decoded === undefined ? pieces : decodedPieces(pieces, decoded));
  await source.query("close long_rows");
  await target.query(insertSql(raw, shape, text, "pieces"));
}

/** Returns how many rows were too long to be copied. */
async function copyPortions(
  { source, target, shape, text }: Staging,
  raw: RawTable,
  rows: Condition,
  decoded?: Decoded,
): Promise<number> {
  const sent = decoded === undefined ? "row" : inDigits("row");
  await source.query({
    text: `declare raw_rows no scroll cursor for
      select case when octet_length(row) <= ${LONG_BYTES} then ${sent} end as row from (${rows.sql}) s`,
    values: rows.values,
  });
  let long = 0;
  const fetch = async (): Promise<{ read: number; rows: string[] }> => {
    const got = await source.query<{ row: string | null }>(`fetch ${PORTION} from raw_rows`);
    const short = got.rows.flatMap(({ row }) => (row === null ? [] : [row]));
    long += got.rows.length - short.length;
    const rows = decoded ? short.map((row) => decoded(Buffer.from(row, "hex"))) : short;
    return { read: got.rows.length, rows };
  };
  const insert = insertSql(raw, shape, text, "portion");
  let portion = await fetch();
  while (portion.read > 0) {
    const [next] = await Promise.all([
      portion.read < PORTION ? { read: 0, rows: [] } : fetch(),
      portion.rows.length > 0 && target.query(insert, [`[${portion.rows.join(",")}]`]),
    ]);
    portion = next;
  }
  await source.query("close raw_rows");
  return long;
}

/**
 * `unfit`: columns whose value is none of their type; `undated`: those of them that are dates or instants; `garbled`: columns whose bytes mean
 * nothing, where they are not repaired; `noted`: notes on the text of others; `writer`: the transaction that wrote the row last.
 */
function createSql({ name, columns }: RawTable): string {
  const declared = columns.map((column) => `${quoted(column.name)} ${declaredType(column.type)}`);
  return `create temp table raw_${name} (${declared.join(", ")}, unfit text[], undated text[], garbled text[], noted text[], writer bigint) on commit drop`;
}

/** SQL of the source: each chosen row as JSON, made once. */
function rowsSql(
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
  return `select to_json(r)::text as row from (
      select ${sent.join(", ")}, ${writers.of(table)} as writer from ${table} where ${where}) r offset 0`;
}

/** SQL of the target: fills the raw table with a portion of rows, which is `$1`, or with what was kept in pieces. */
function insertSql(
  raw: RawTable,
  shape: SourceShape,
  sourceText: SourceText,
  of: "portion" | "pieces",
): string {
  const { name, table, columns } = raw;
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
  const rows =
    of === "portion"
      ? "json_to_recordset($1::json)"
      : `(${PUT_TOGETHER}) p cross join lateral json_to_record(p.row)`;
  return `insert into raw_${name}
    select ${read.join(", ")}, ${marks((column) => !isTime(column))}, ${marks(isTime)},
      string_to_array(x.garbled, ','), ${notedSql(raw, sourceText)}, x.writer
    from ${rows} as x (${declared}, garbled text, repaired text, writer bigint)`;
}

/** Notes on the text of a row: what was repaired, and characters that nobody writes, where an encoding of one byte has them. */
function notedSql({ columns }: RawTable, { isTold, encoding }: SourceText): string {
  const repaired = "string_to_array(x.repaired, ',')";
  if (isTold || !/^(latin|iso)/i.test(encoding)) return repaired;
  const doubts = columns
    .filter(isText)
    .map(
      ({ name }) =>
        `case when x.${quoted(name)} ~ '[\u0080-\u009f]' then 'encoding_doubtful:${name}' end`,
    );
  return `nullif(array_remove(array[${doubts.join(", ")}]::text[], null) || coalesce(${repaired}, '{}'), '{}')`;
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
