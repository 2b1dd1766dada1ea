/** What the source has. Two shapes are known; the mapping asks for each field which of its clauses exist. */
import { type Family, familyOf } from "./source-types.ts";

/** The tables, columns and types of the source, as preflight read them from its catalog. */
export interface SourceShape {
  has(table: string, column?: string): boolean;
  /** The column's type as PostgreSQL names it (`integer`, `character varying(255)`), or undefined where there is none. */
  type(table: string, column: string): string | undefined;
  /** The family of that type. */
  family(table: string, column: string): Family | undefined;
  /** The zone in which times without one were written. */
  readonly zone: string;
  /** What the shape was made of. */
  readonly columns: readonly SourceColumn[];
}

/** One column of the source, from `information_schema.columns` or `format_type`. */
export interface SourceColumn {
  readonly table: string;
  readonly column: string;
  readonly type: string;
  /** The type's `typcategory`: `S` of strings, `E` of enums. Without it a type is known by its name only. */
  readonly category?: string;
}

/** Makes a shape of a list of columns. */
export function sourceShape(columns: readonly SourceColumn[], zone = "UTC"): SourceShape {
  const tables = new Map<string, Map<string, { type: string; family: Family }>>();
  for (const { table, column, type, category } of columns) {
    const known = tables.get(table) ?? new Map<string, { type: string; family: Family }>();
    const name = type.toLowerCase();
    tables.set(table, known.set(column, { type: name, family: familyOf(name, category) }));
  }
  return {
    has: (table, column) =>
      column === undefined ? tables.has(table) : tables.get(table)?.has(column) === true,
    type: (table, column) => tables.get(table)?.get(column)?.type,
    family: (table, column) => tables.get(table)?.get(column)?.family,
    zone,
    columns,
  };
}

const RESERVED: ReadonlySet<string> = new Set(["on", "order"]);

/** A column as SQL names it: quoted where its name is a word that SQL keeps for itself. */
export function quoted(column: string): string {
  return RESERVED.has(column) ? `"${column}"` : column;
}

/** Whether the column exists and holds text of any kind. */
export function isText(shape: SourceShape, table: string, column: string): boolean {
  return shape.family(table, column) === "text";
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
