/** Makes the target that an earlier tool left behind: half of the source, in tables without legacy keys. */
import { readFileSync } from "node:fs";
import { type Database, onDatabase, type Where } from "../sample/database.ts";
import type { Shape } from "../sample/script.ts";
import { type Account, nothing } from "./account.ts";
import { openLots } from "./lots.ts";
import { fillOrders } from "./orders.ts";
import { fillPractices } from "./practices.ts";
import { fillProfiles } from "./profiles.ts";
import { readOffices, readOrders, readPeople } from "./source.ts";

export interface HalfFilledOptions {
  /** A sample that is there already: what it holds decides how much there will be (at scale 1: 844 practices, 5,502 profiles). */
  readonly source: Where;
  /** An empty database. */
  readonly target: Where;
  readonly shape: Shape;
  /** An integer: who was loaded, and how. */
  readonly seed: number;
  /** Schema of the sample. Default `public`. */
  readonly schema?: string;
  /** `half`: half of the projects are there, each with its case. Default `none`. */
  readonly orders?: "half" | "none";
}

/** For each entity what its table holds. */
export type HalfFilled = Readonly<Record<"practices" | "profiles" | "cases" | "projects", Account>>;

const TABLES = new URL("../../sql/half-filled.sql", import.meta.url);

/** Throws where the target has such tables already, or the source is too small to have every kind of row. */
export async function makeHalfFilled(options: HalfFilledOptions): Promise<HalfFilled> {
  const { source, target, shape, seed, schema = "public", orders = "none" } = options;
  const lots = openLots(seed);
  const read = await onDatabase(source, async (db) => ({
    offices: await readOffices(db, schema, shape),
    people: await readPeople(db, schema),
    orders: orders === "half" ? await readOrders(db, schema) : [],
  }));
  const practices = fillPractices(read.offices, lots);
  const practiceIds = practices.rows.map(({ id }) => id);
  const profiles = fillProfiles(read.people, practiceIds, lots);
  const others = { practices: practiceIds, profiles: profiles.rows.map(({ id }) => id) };
  const made = orders === "half" ? fillOrders(read.orders, others, { shape, lots }) : undefined;
  await onDatabase(target, async (db) => {
    await db.query(readFileSync(TABLES, "utf8"));
    await insert(db, "practices", practices.rows);
    await insert(db, "profiles", profiles.rows);
    await insert(db, "cases", made?.cases ?? []);
    await insert(db, "projects", made?.projects ?? []);
    await db.query("analyze");
  });
  return {
    practices: practices.account,
    profiles: profiles.account,
    cases: made?.account.cases ?? nothing,
    projects: made?.account.projects ?? nothing,
  };
}

const ROWS_AT_ONCE = 5_000;

/** Columns that the rows do not name get their default. */
async function insert(db: Database, table: string, rows: readonly object[]): Promise<void> {
  const columns = Object.keys(rows[0] ?? {}).join(", ");
  for (let from = 0; from < rows.length; from += ROWS_AT_ONCE)
    await db.query(
      `insert into public.${table} (${columns}) select ${columns} from jsonb_populate_recordset(null::public.${table}, $1::jsonb)`,
      [JSON.stringify(rows.slice(from, from + ROWS_AT_ONCE))],
    );
}
