/**
 * Makes the sample legacy database: the report's proportions and its dirt, the same for the same seed.
 */
import { counts, type Counts } from "./counts.ts";
import { onDatabase, type Database, type Where } from "./database.ts";
import { quoted, sampleScript, tablesOf, type Shape } from "./script.ts";

export interface SampleOptions {
  /** 1 is the stakeholder report's snapshot; 0.05, 10 or 100 multiply it. Above 0. */
  readonly scale: number;
  /** An integer. One seed is one database, on every PostgreSQL from 11 on and on PGlite. */
  readonly seed: number;
  readonly shape: Shape;
  /** Made if it is absent. Default `public`. */
  readonly schema?: string;
  /** What to do with legacy tables that are there already: refuse (default), or drop them and what hangs on them. */
  readonly existing?: "refuse" | "drop";
  /** `dangling`: no foreign keys, and three rows of each link column point nowhere. Default `usual`: every link holds. */
  readonly dirt?: "usual" | "dangling";
  /** `canaries`: some rows of every text column hold a marker that `canaryPattern` finds. Default `none`. */
  readonly markers?: "none" | "canaries";
  /** How many rows of each column are marked; short columns are marked in 20 at most. Default 20. */
  readonly marked?: number;
}

/**
 * Creates the legacy tables of a shape, fills, constrains and analyses them in one transaction.
 * Returns the rows made. Throws, having changed nothing, when a table is there already and `existing` is not `drop`.
 */
export const makeSample = (options: SampleOptions & Where): Promise<Counts> => {
  const {
    shape,
    scale,
    seed,
    schema = "public",
    existing = "refuse",
    dirt = "usual",
    markers = "none",
    marked = 20,
  } = options;
  return onDatabase(options, async (db) => {
    if (existing === "drop") await dropTables(db, schema, tablesOf(shape));
    else await refuseExisting(db, schema, tablesOf(shape));
    await db.query(sampleScript({ shape, scale, seed, schema, dirt, markers, marked }));
    return counts(scale);
  });
};

const dropTables = (db: Database, schema: string, tables: string[]): Promise<unknown> =>
  db.query(
    `drop table if exists ${tables.map((table) => `${quoted(schema)}.${quoted(table)}`).join(", ")} cascade`,
  );

const refuseExisting = async (db: Database, schema: string, tables: string[]): Promise<void> => {
  const { rows } = await db.query(
    "select table_name from information_schema.tables where table_schema = $1 and table_name = any($2::text[]) order by 1",
    [schema, tables],
  );
  if (rows.length === 0) return;
  const names = rows.map((row) => String(row["table_name"])).join(", ");
  throw new Error(
    `Schema ${schema} already has ${names}. Choose an empty schema, or ask for existing: "drop".`,
  );
};
