/** What the source has. Two shapes are known; the mapping asks for each field which of its clauses exist. */
import type { Entity } from "./entity.ts";

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

/** A field of an entity that the source cannot fill: no clause of it is left. */
export class MissingInSource extends Error {
  override readonly name = "MissingInSource";
  readonly entity: string;
  readonly field: string;
  /** The clauses that were looked for, in order: `a.b and a.c`. */
  readonly lookedFor: readonly string[];

  constructor(entity: string, field: string, lookedFor: readonly string[]) {
    super(`${entity}.${field} cannot be read from the source: looked for ${lookedFor.join(" or ")}`);
    this.entity = entity;
    this.field = field;
    this.lookedFor = lookedFor;
  }
}

/** Everything that the entities need and the source has not. Empty: they can be extracted. */
export function missingInSource(entities: readonly Entity[], shape: SourceShape): readonly MissingInSource[] {
  return entities.flatMap((entity) =>
    Object.entries(entity.source.needs)
      .filter(([, clauses]) => !clauses.some((clause) => clause.every((name) => hasNamed(shape, name))))
      .map(
        ([field, clauses]) =>
          new MissingInSource(
            entity.name,
            field,
            clauses.map((all) => all.join(" and ")),
          ),
      ),
  );
}

function hasNamed(shape: SourceShape, name: string): boolean {
  const [table = "", column] = name.split(".");
  return shape.has(table, column);
}
