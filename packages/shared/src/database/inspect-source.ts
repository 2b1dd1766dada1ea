/** Whether the source can be read, and wholly: what is missing, of a strange type, kept from us, or without a usable key. */
import {
  convertedColumns,
  type Entity,
  inOtherCase,
  knownTables,
  missingInSource,
  type SourceShape,
  tablesReadByAny,
  type TypedColumn,
  unfitColumns,
  zonedColumns,
} from "@nexus/catalog";
import type { SourceRules } from "../config/database-variables.ts";
import { errorCode } from "./failures.ts";
import type { Queryable } from "./pool.ts";
import { hiddenRows } from "./source-row-security.ts";
import { missingPrivileges, readSourceShape } from "./source-catalog.ts";
import { textDates } from "./source-dates.ts";
import { keysTooGreat, unusableKeys } from "./source-keys.ts";
import { neverAnalysed } from "./source-statistics.ts";
import { unreadableViews } from "./source-views.ts";
import { inTwoSchemas, materialized } from "./source-tables.ts";

/** What is worth knowing of a source. The code stays the same, for programs. */
export interface SourceNote {
  readonly code:
    | "in_two_schemas"
    | "materialized_view"
    | "column_in_other_case"
    | "rows_hidden"
    | "types_converted"
    | "dates_not_understood"
    | "zone_assumed"
    | "keys_too_great"
    | "encoding_told"
    | "never_analysed"
    | "locked";
  /** A sentence without a value. */
  readonly says: string;
}

export interface Inspection {
  readonly shape: SourceShape;
  /** What must be mended first. */
  readonly problems: readonly string[];
  /** What is worth knowing. */
  readonly notes: readonly SourceNote[];
}

/** Looks at what `entities` read. In a transaction of its own; PostgreSQL 9.5 syntax. Holds names and counts, never a value. */
export async function inspectSource(
  tx: Queryable,
  entities: readonly Entity[],
  {
    LEGACY_TIMEZONE: zone,
    LEGACY_ROW_SECURITY: rowSecurity,
    LEGACY_ENCODING: encoding,
  }: SourceRules,
): Promise<Inspection> {
  const shape = await readSourceShape(tx, zone);
  const absent = missing(entities, shape);
  const readable = entities.filter((entity) => missingInSource([entity], shape).length === 0);
  const tables = tablesReadByAny(readable, shape);
  const grants = await missingPrivileges(tx, tables);
  const unfit = unfitColumns(shape, tables).map(unfitInWords);
  const behind = grants.length > 0 ? [] : await unreadableViews(tx, tables);
  const ungranted = [...absent, ...grants.map((grant) => `run "${grant}"`), ...behind, ...unfit];
  const unknown = zone === undefined ? [] : await unknownZone(tx, zone);
  if (grants.length + behind.length > 0)
    return { shape, problems: [...ungranted, ...unknown], notes: [] };
  const hidden = await hiddenRows(tx, tables);
  const accepted = rowSecurity === "accept";
  if (hidden.length > 0 && !accepted)
    return { shape, problems: [...ungranted, ...unknown, ...hidden], notes: [] };
  const keyed = readable.filter(({ source: { table } }) => fitKey(shape, table));
  const keys = await unusableKeys(tx, shape, keyed);
  return {
    shape,
    problems: [...ungranted, ...unknown, ...keys],
    notes: [
      ...noted("in_two_schemas", await inTwoSchemas(tx, knownTables)),
      ...noted("materialized_view", await materialized(tx, tables)),
      ...noted("column_in_other_case", otherCaseInWords(shape)),
      ...noted("rows_hidden", hidden),
      ...noted("types_converted", convertedInWords(convertedColumns(shape, tables))),
      // An unknown zone would end the statement.
      ...noted(
        "dates_not_understood",
        unknown.length > 0 ? [] : await textDates(tx, shape, tables),
      ),
      ...noted(
        "zone_assumed",
        zonesInWords(zonedColumns(shape, tables), shape.zone, zone !== undefined),
      ),
      ...noted("keys_too_great", keys.length > 0 ? [] : await keysTooGreat(tx, shape, keyed)),
      ...noted("encoding_told", await encodingInWords(tx, encoding)),
      ...noted("never_analysed", await neverAnalysed(tx, tables)),
    ],
  };
}

function noted(code: SourceNote["code"], sentences: readonly string[]): SourceNote[] {
  return sentences.map((says) => ({ code, says }));
}

/** The missing tables in one sentence, then the fields that lack a column. */
function missing(entities: readonly Entity[], shape: SourceShape): string[] {
  const present = entities.filter(({ source }) => shape.has(source.table));
  const tables = entities.flatMap(({ source }) => (shape.has(source.table) ? [] : source.table));
  return [
    ...(tables.length === 0
      ? []
      : [
          `tables missing: ${[...new Set(tables)].join(", ")}: point to the legacy application's database and schema`,
        ]),
    ...missingInSource(present, shape).map(({ message }) => message),
  ];
}

function otherCaseInWords(shape: SourceShape): string[] {
  return inOtherCase(shape).map(
    ({ table, column, has }) => `${table} has "${has}", not ${column}: it is not read`,
  );
}

function fitKey(shape: SourceShape, table: string): boolean {
  return !unfitColumns(shape, [table]).some(({ kind }) => kind === "key");
}

function unfitInWords({ table, column, type, understood }: TypedColumn): string {
  return `${table}.${column} is of type ${type}, and understood are ${understood} there: change it, or put a view in its place`;
}

function convertedInWords(columns: readonly TypedColumn[]): string[] {
  if (columns.length === 0) return [];
  const named = columns.map(
    ({ table, column, type, kind }) => `${table}.${column} (${type}, as ${kind})`,
  );
  return [`of other types than usual, and converted where that is exact: ${named.join(", ")}`];
}

/** One sentence for each way in which a zone is taken: of times without one, of days in times with one, of text. */
function zonesInWords(columns: readonly TypedColumn[], zone: string, told: boolean): string[] {
  const because = told
    ? "as LEGACY_TIMEZONE says"
    : "the server's setting; set LEGACY_TIMEZONE if they were written in another";
  const sentence = (
    of: (column: TypedColumn) => boolean,
    says: (named: string) => string,
  ): string[] => {
    const named = columns.filter(of).map(({ table, column }) => `${table}.${column}`);
    return named.length === 0 ? [] : [`${says(named.join(", "))} as of ${zone}: ${because}`];
  };
  return [
    ...sentence(
      ({ family }) => family !== "timestamptz" && family !== "text",
      (named) => `times without a zone in ${named} are read`,
    ),
    ...sentence(
      ({ family }) => family === "timestamptz",
      (named) => `the days in ${named}, a timestamptz, are taken`,
    ),
    ...sentence(
      ({ family }) => family === "text",
      (named) => `times in ${named} whose text names no zone are read`,
    ),
  ];
}

/** What the encoding of the source means for its text. */
async function encodingInWords(tx: Queryable, told: string | undefined): Promise<string[]> {
  const { rows } = await tx.query<{ name: string }>(
    "select current_setting('server_encoding') as name",
  );
  const name = rows[0]?.name ?? "UTF8";
  if (told !== undefined)
    return [`text is stored in ${told}, as LEGACY_ENCODING says, whatever ${name} means`];
  if (name === "UTF8") return [];
  if (name === "SQL_ASCII")
    return [
      "the server checks no text (SQL_ASCII): what is not UTF-8 is rejected as unreadable_text; set LEGACY_ENCODING if it was written in another encoding, like windows-1252",
    ];
  const windows = name.startsWith("LATIN")
    ? "; quotes, dashes and the euro sign of Windows would arrive as control characters with the note encoding_doubtful: set LEGACY_ENCODING=windows-1252 if there are such"
    : "";
  return [
    `text is stored in ${name}; what has no counterpart is rejected as unreadable_text${windows}`,
  ];
}

async function unknownZone(tx: Queryable, zone: string): Promise<string[]> {
  await tx.query("savepoint zone");
  try {
    await tx.query("select now() at time zone $1", [zone]);
    return [];
  } catch (error) {
    if (errorCode(error) !== "22023") throw error;
    return [`LEGACY_TIMEZONE: the server knows no zone ${zone}`];
  } finally {
    await tx.query("rollback to savepoint zone");
  }
}
