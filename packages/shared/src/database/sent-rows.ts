/** Rows of an entity as they are sent to its table, and how they are compared with what is there: the same for whoever writes and whoever foretells. */
import type { Column, Columns, Entity, LoadedRow } from "@nexus/catalog";
import { arrayParameter, arrayValue } from "./array-parameter.ts";
import type { TargetTable } from "./target-tables.ts";

/** Columns that are the source's where it has them, and else stay as they are. */
const INSTANTS: ReadonlySet<string> = new Set(["created_at", "updated_at"]);

/** The columns that are written: not those that the target computes itself. Text goes where it has text for an enum. */
export function sentColumns(
  { target: { columns } }: Entity,
  { generated, texts }: Pick<TargetTable, "generated" | "texts">,
): Columns {
  return Object.fromEntries(
    Object.entries(columns)
      .filter(([column]) => !generated.includes(column))
      .map(([column, declared]) => [column, storedAs(declared, texts.includes(column))]),
  );
}

/** Text is compared with text: an enum is not, without a cast. */
function storedAs(declared: Column, isText: boolean): Column {
  return isText ? { ...declared, type: "text" } : declared;
}

/** SQL of the rows that `sentValues` sends, with their ids. */
export function sentRows(declared: Columns): string {
  const columns = Object.entries(declared);
  const parameters = columns.map(([, { type }], n) => arrayParameter(n + 2, type));
  const values = columns.map(([name, { stripNulls }]) =>
    stripNulls ? `jsonb_strip_nulls(${name}) as ${name}` : name,
  );
  return `(select id, ${values.join(", ")}
      from unnest(${arrayParameter(1, "uuid")}, ${parameters.join(", ")}) as u (id, ${Object.keys(declared).join(", ")}))`;
}

/** The parameters of `sentRows`: the ids, then an array for each column. */
export function sentValues(
  declared: Columns,
  ids: readonly string[],
  rows: readonly Pick<LoadedRow, "row">[],
): Buffer[] {
  const arrays = Object.entries(declared).map(([column, { type }]) =>
    arrayValue(
      rows.map(({ row }) => row[column] ?? null),
      type,
    ),
  );
  return [arrayValue(ids, "uuid"), ...arrays];
}

/** Whether what was sent, `i`, is not what is there, `old`. An instant that the source has not is no difference. */
export function differs(columns: readonly string[]): string {
  const mapped = columns.filter((column) => !INSTANTS.has(column));
  const dated = columns.filter((column) => INSTANTS.has(column));
  return `(${mapped.map((column) => `old.${column}`).join(", ")})
    is distinct from (${mapped.map((column) => `i.${column}`).join(", ")})
    ${dated.map((column) => `or ${differsIn(column)}`).join(" ")}`;
}

function differsIn(column: string): string {
  return INSTANTS.has(column)
    ? `coalesce(old.${column} <> i.${column}, false)`
    : `old.${column} is distinct from i.${column}`;
}

/** Rows that are there and differ from what is sent, and how many of them in which column. */
export interface Changes {
  readonly rows: number;
  readonly columns: Readonly<Record<string, number>>;
}

/**
 * Counts, of the rows sent, those that differ from the row that is there: columns `rows` and `columns`, an object as JSON. `old`: SQL
 * of the row that is there, of an `i`.
 */
export function countDifferent(declared: Columns, old: string): string {
  const columns = Object.keys(declared);
  const counts = columns.map((name) => `'${name}', count(*) filter (where ${differsIn(name)})`);
  return `select count(*)::integer as rows, json_build_object(${counts.join(", ")})::text as columns
    from ${sentRows(declared)} i join lateral (${old}) old on true where ${differs(columns)}`;
}

/** What a statement of `countDifferent` found: columns without a change are left out. */
export function changesFrom({ rows, columns }: { rows: number; columns: string }): Changes {
  const counted: Readonly<Record<string, number>> = JSON.parse(columns);
  return { rows, columns: Object.fromEntries(Object.entries(counted).filter(([, n]) => n > 0)) };
}

/** Both together. */
export function addChanges(one: Changes, other: Changes): Changes {
  const columns: Record<string, number> = { ...one.columns };
  for (const [column, rows] of Object.entries(other.columns))
    columns[column] = (columns[column] ?? 0) + rows;
  return { rows: one.rows + other.rows, columns };
}

export const NO_CHANGES: Changes = { rows: 0, columns: {} };
