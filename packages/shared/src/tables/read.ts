import { type Column, type SQL, sql } from "drizzle-orm";
import { type PgTable, QueryBuilder } from "drizzle-orm/pg-core";
import type { Queryable } from "../database/pool.ts";

/** Begins queries over the declared tables: `query.select({ name: column, … }).from(table)`. It knows no database; `read` asks one. */
export const query = new QueryBuilder();

/** What `read` needs to know of a query. */
interface Typed<Row> {
  readonly _: {
    readonly result: Row[];
    readonly selectedFields: Readonly<Record<string, unknown>>;
  };
  toSQL(): { readonly sql: string; readonly params: unknown[] };
}

/**
 * Runs a query as one statement of `db`. Values are what the pool delivers; drizzle's own decoders and sessions are
 * not used. That they fit `Row` is held by the test that compares declared columns with a migrated database.
 */
export async function read<Row>(db: Queryable, query: Typed<Row>): Promise<Row[]> {
  const { sql: text, params } = query.toSQL();
  const names = Object.keys(query._.selectedFields);
  const found = await db.query<unknown[]>({ text, values: params, rowMode: "array" });
  return found.rows.map((values): Row =>
    Object.fromEntries(names.map((name, at): unknown[] => [name, values[at]])),
  );
}

/** Columns of a declared table, by the names that a read in SQL gives them: `Columns<typeof runs, { errorCode: "error_code" }>`. */
export type Columns<
  Declared extends PgTable,
  Names extends Readonly<Record<string, keyof Declared["$inferSelect"]>>,
> = { readonly [Name in keyof Names]: Declared["$inferSelect"][Names[Name]] };

/** An instant as ISO 8601. */
export function iso<C extends Column>(
  column: C,
): SQL<C["_"]["notNull"] extends true ? string : string | null> {
  return sql`to_json(${column}) #>> '{}'`;
}

/** A condition on a value that may not have been given: then there is none. */
export function given<T>(value: T | undefined, condition: (value: T) => SQL): SQL | undefined {
  return value === undefined ? undefined : condition(value);
}
