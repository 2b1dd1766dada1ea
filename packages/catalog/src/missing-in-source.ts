/** What the entities need and the source has not. */
import type { Entity } from "./entity.ts";
import { fieldsOf, knownTables } from "./source-fields.ts";
import type { SourceShape } from "./source-shape.ts";

/** A field of an entity that the source cannot fill: no clause of it is left. */
export class MissingInSource extends Error {
  override readonly name = "MissingInSource";
  readonly entity: string;
  readonly field: string;
  /** The clauses that were looked for, in order: `a.b and a.c`. */
  readonly lookedFor: readonly string[];

  constructor(entity: string, field: string, lookedFor: readonly string[]) {
    super(
      `${entity}.${field} cannot be read from the source: looked for ${lookedFor.join(" or ")}`,
    );
    this.entity = entity;
    this.field = field;
    this.lookedFor = lookedFor;
  }
}

/** Everything that the entities need and the source has not. Empty: they can be extracted. */
export function missingInSource(
  entities: readonly Entity[],
  shape: SourceShape,
): readonly MissingInSource[] {
  return entities.flatMap((entity) =>
    Object.entries(entity.source.needs)
      .filter(
        ([, clauses]) => !clauses.some((clause) => clause.every((name) => hasNamed(shape, name))),
      )
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

/** A column that the mapping would read if its name were in lower case. */
interface OtherCase {
  readonly table: string;
  /** The name that is read. */
  readonly column: string;
  /** The name that the source has. */
  readonly has: string;
}

/** The columns that the source lacks, and has under a name that differs only by case. None of them is read. */
export function inOtherCase(shape: SourceShape): readonly OtherCase[] {
  return knownTables.flatMap((table) => {
    const lacking = fieldsOf(table).filter(({ column }) => !shape.has(table, column));
    const names = shape.columns.filter((one) => one.table === table).map((one) => one.column);
    return lacking.flatMap(({ column }) =>
      names.filter((has) => has.toLowerCase() === column).map((has) => ({ table, column, has })),
    );
  });
}

function hasNamed(shape: SourceShape, name: string): boolean {
  const [table = "", column] = name.split(".");
  return shape.has(table, column);
}
