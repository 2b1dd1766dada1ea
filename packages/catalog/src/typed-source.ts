/** Tables of the source whose columns are not of the usual types, read as if they were. */
import { NOT_A_DATE, NOT_AN_INSTANT } from "./dates.ts";
import { asItIs, conversionOf, familiesOf } from "./source-conversions.ts";
import { fieldsOf, type Kind, type SourceField } from "./source-fields.ts";
import { quoted, type SourceShape } from "./source-shape.ts";
import { type Family, TYPES_IN_WORDS } from "./source-types.ts";

/** Words that follow a table which has no alias. */
const CLAUSES = "where|on|order|offset|limit|join|left|cross|group|union";
const TABLE = new RegExp(`\\b(from|join) ([a-z_]+)(?:\\s+(?!(?:${CLAUSES})\\b)([a-z]\\w*))?`, "g");

/**
 * The statement with each such table replaced by a sub-select of its fields, which PostgreSQL pulls up: what is read as it is
 * keeps its indexes. Where every column is of the usual type the statement stays as it is.
 */
export function withTypes(sql: string, shape: SourceShape): string {
  return sql.replaceAll(TABLE, (whole: string, word: string, table: string, alias?: string) => {
    const fields = typedFields(shape, table);
    return fields === undefined
      ? whole
      : `${word} (select ${fields} from ${table}) ${alias ?? table}`;
  });
}

/** The select list of a table's fields; undefined where none needs a conversion. */
function typedFields(shape: SourceShape, table: string): string | undefined {
  const fields = fieldsOf(table).filter(({ column }) => shape.has(table, column));
  const zone = `'${shape.zone.replaceAll("'", "''")}'`;
  const selected = fields.map((field) => {
    const column = quoted(field.column);
    const convert = conversionIn(shape, table, field) ?? asItIs;
    return convert === asItIs ? column : `${convert(column, zone)} as ${column}`;
  });
  return selected.some((piece) => piece.includes(" as ")) ? selected.join(", ") : undefined;
}

function conversionIn(shape: SourceShape, table: string, { column, kind }: SourceField) {
  return conversionOf(kind, shape.family(table, column) ?? "other");
}

/** A column of which the mapping needs to know more than that it is there. */
export interface TypedColumn {
  readonly table: string;
  readonly column: string;
  /** As the source names it. */
  readonly type: string;
  readonly kind: Kind;
  readonly family: Family;
  /** The types that are understood there, in words. */
  readonly understood: string;
}

/** Columns of these tables whose type is not understood. */
export function unfitColumns(
  shape: SourceShape,
  tables: readonly string[],
): readonly TypedColumn[] {
  return columnsWhere(shape, tables, (convert) => convert === undefined);
}

/** Columns of these tables that are converted while they are read. */
export function convertedColumns(
  shape: SourceShape,
  tables: readonly string[],
): readonly TypedColumn[] {
  return columnsWhere(shape, tables, (convert) => convert !== undefined && convert !== asItIs);
}

/** Columns of these tables whose values depend on the zone in which they were written. */
export function zonedColumns(
  shape: SourceShape,
  tables: readonly string[],
): readonly TypedColumn[] {
  return columnsWhere(
    shape,
    tables,
    (convert) => convert?.("x", "here") !== convert?.("x", "there"),
  );
}

function columnsWhere(
  shape: SourceShape,
  tables: readonly string[],
  chosen: (convert: ReturnType<typeof conversionOf>) => boolean,
): readonly TypedColumn[] {
  return tables.flatMap((table) =>
    fieldsOf(table)
      .filter(
        (field) => shape.has(table, field.column) && chosen(conversionIn(shape, table, field)),
      )
      .map(({ column, kind }) => ({
        table,
        column,
        type: shape.type(table, column) ?? "unknown",
        kind,
        family: shape.family(table, column) ?? "other",
        understood: familiesOf(kind)
          .map((family) => TYPES_IN_WORDS[family])
          .join(", "),
      })),
  );
}

/**
 * Of columns of these tables that are read as dates or times, and hold text: a statement for each table that has such. It gives,
 * for each, `column`, of up to `limit` values their number, `seen`, and `strange`, those that the extraction makes nothing of.
 */
export function textDatesSql(
  shape: SourceShape,
  tables: readonly string[],
  limit: number,
): ReadonlyMap<string, string> {
  const dated = convertedColumns(shape, tables).filter(
    ({ kind, family }) => family === "text" && isDated(kind),
  );
  const counts = new Map<string, string>();
  for (const { table, column, kind } of dated) {
    const before = counts.get(table);
    const count = countOfStrange(shape, table, { column, kind }, limit);
    counts.set(table, before === undefined ? count : `${before}\nunion all\n${count}`);
  }
  return counts;
}

function isDated(kind: Kind): boolean {
  return kind === "date" || kind === "instant";
}

/** Rows that are walked through to find values, so that an empty column costs little. */
const WALKED_ROWS = 100_000;

function countOfStrange(
  shape: SourceShape,
  table: string,
  field: SourceField,
  limit: number,
): string {
  const convert = conversionIn(shape, table, field) ?? asItIs;
  const mark = field.kind === "date" ? `date '${NOT_A_DATE}'` : `timestamptz '${NOT_AN_INSTANT}'`;
  const rows = `select ${quoted(field.column)}::text as value from ${table} limit ${WALKED_ROWS}`;
  return `select '${field.column}'::text as "column", count(*)::int as seen,
       count(case when ${convert("value", `'${shape.zone.replaceAll("'", "''")}'`)} = ${mark} then 1 end)::int as strange
  from (select value from (${rows}) walked where btrim(value) <> '' limit ${limit}) seen`;
}
