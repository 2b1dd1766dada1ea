/** Dates and times that the source holds as text: are they written in a way that is understood? PostgreSQL 9.5 syntax. */
import { type SourceShape, textDatesSql } from "@nexus/catalog";
import { errorCode, nextStep } from "./failures.ts";
import type { Queryable } from "./pool.ts";

/** Values of a column that are looked at: the first that the table has, which need not be like the others. */
const VALUES = 1_000;

/** Milliseconds that the columns of one table may take. */
const TABLE_MS = 3_000;

/** A statement took too long, or a lock was not given. */
const TOO_LONG: ReadonlySet<string> = new Set(["57014", "55P03"]);

/** Counts in each such column the values that are not understood, by the rule that rows are read with. Holds no value. */
export async function textDates(
  tx: Queryable,
  shape: SourceShape,
  tables: readonly string[],
): Promise<string[]> {
  const notes: string[] = [];
  for (const [table, sql] of textDatesSql(shape, tables, VALUES))
    for (const { column, seen, strange } of await counted(tx, sql))
      if (strange > 0)
        notes.push(
          `${strange} of ${seen} values in ${table}.${column} are no date that is understood (ISO 8601), and would be lost: change the column, or put a view in its place`,
        );
  return notes;
}

interface Counted {
  readonly column: string;
  readonly seen: number;
  readonly strange: number;
}

/** Nothing where somebody keeps us waiting, or a row cannot be read: a loader will meet that row, and name it. */
async function counted(tx: Queryable, sql: string): Promise<readonly Counted[]> {
  await tx.query(`savepoint dates; set local statement_timeout = ${TABLE_MS}`);
  try {
    return (await tx.query<Counted>(sql)).rows;
  } catch (error) {
    if (nextStep(error) === "wait" && !TOO_LONG.has(errorCode(error) ?? "")) throw error;
    return [];
  } finally {
    await tx.query("rollback to savepoint dates");
  }
}
