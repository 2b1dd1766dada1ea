/** What the source has. Two shapes are known; the mapping asks for each field which of its clauses exist. */

/** The tables, columns and types of the source, as preflight read them from its catalog. */
export interface SourceShape {
  has(table: string, column?: string): boolean;
  /** The column's type as PostgreSQL names it (`integer`, `character varying(255)`), or undefined where there is none. */
  type(table: string, column: string): string | undefined;
}

/** One column of the source, from `information_schema.columns` or `format_type`. */
export interface SourceColumn {
  readonly table: string;
  readonly column: string;
  readonly type: string;
}

/** Makes a shape of a list of columns. */
export function sourceShape(columns: readonly SourceColumn[]): SourceShape {
  const tables = new Map<string, Map<string, string>>();
  for (const { table, column, type } of columns) {
    const known = tables.get(table) ?? new Map<string, string>();
    tables.set(table, known.set(column, type.toLowerCase()));
  }
  return {
    has: (table, column) =>
      column === undefined ? tables.has(table) : tables.get(table)?.has(column) === true,
    type: (table, column) => tables.get(table)?.get(column),
  };
}

/** Whether the column exists and holds text of any kind. */
export function isText(shape: SourceShape, table: string, column: string): boolean {
  return /^(?:text|character|varchar|char|bpchar|citext)\b/.test(shape.type(table, column) ?? "");
}

/** Whether the column exists and its values fit an integer. */
export function isInteger(shape: SourceShape, table: string, column: string): boolean {
  return /^(?:integer|smallint|int|int2|int4)$/.test(shape.type(table, column) ?? "");
}

/**
 * What a field can be read from: clauses in order, each a list of `table.column` that must all exist.
 * A field is listed where both known shapes can fill it: losing it silently would lose it for every row.
 */
export type Needs = Readonly<Record<string, readonly (readonly string[])[]>>;
