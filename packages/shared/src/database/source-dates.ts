/** Dates and times that the source holds as text: are they written in a way that is understood? PostgreSQL 9.5 syntax. */
import { type SourceShape, textDatesSql } from "@nexus/catalog";
import { errorCode } from "./failures.ts";
import type { Queryable } from "./pool.ts";

/** Values of a column that are looked at. */
const VALUES = 1_000;

/** Fewer that are not understood are dirt, however few there are. */
const FEWEST = 10;

/** Milliseconds that the columns of one table may take. */
const TABLE_MS = 3_000;

/** A statement took too long, or a lock was not given. */
const TOO_LONG: ReadonlySet<string> = new Set(["57014", "55P03"]);

interface TextDates {
  /** Columns of which most values are not understood: our assumption is wrong. */
  readonly problems: readonly string[];
  readonly notes: readonly string[];
}

/** Counts in each such column the values that are not understood, by the rule that rows are read with. Holds no value. */
export async function textDates(
  tx: Queryable,
  shape: SourceShape,
  tables: readonly string[],
): Promise<TextDates> {
  const problems: string[] = [];
  const notes: string[] = [];
  for (const [table, sql] of textDatesSql(shape, tables, VALUES))
    for (const { column, seen, strange } of await counted(tx, sql)) {
      const says = `${strange} of ${seen} values in ${table}.${column} are no date that is understood (ISO 8601)`;
      if (strange >= FEWEST && strange * 2 > seen)
        problems.push(`${says}: change it, or put a view in its place`);
      else if (strange > 0) notes.push(says);
    }
  return { problems, notes };
}

interface Counted {
  readonly column: string;
  readonly seen: number;
  readonly strange: number;
}

/** Nothing where somebody keeps us waiting: each row is looked at when it is read. */
async function counted(tx: Queryable, sql: string): Promise<readonly Counted[]> {
  await tx.query(`savepoint dates; set local statement_timeout = ${TABLE_MS}`);
  try {
    return (await tx.query<Counted>(sql)).rows;
  } catch (error) {
    if (!TOO_LONG.has(errorCode(error) ?? "")) throw error;
    return [];
  } finally {
    await tx.query("rollback to savepoint dates");
  }
}
