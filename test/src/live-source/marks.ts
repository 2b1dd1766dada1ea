/** Rows that are added to the source one after the other, to see how many of them the target has: a clock beside that of the product. */
import type { Pool } from "@nexus/shared/database";
import { ISLAND } from "./island.ts";

/** Behind the keys of everybody else. */
const FIRST = ISLAND + 100_000;

/** By entity: the table of the source, what of a copy of the island's row must be its own, and the key in the target. */
const MARKED = {
  practices: ["dispatch_office", "'name', 'Mark'", "legacy_id"],
  profiles: ["auth_user", "'username', 'mark ' || $1", "legacy_id"],
  projects: ["dispatch_project", "'uid', md5('mark ' || $1)", "legacy_id"],
  workflow_templates: ["dispatch_template", "'task_name', 'Mark'", "legacy_id"],
} as const;

export interface Marks {
  /** Adds the next row to each of the tables. */
  next(): Promise<void>;
  /** By entity, the seconds since the first of the rows was added that the target lacks; 0: it has all. */
  age(): Promise<Readonly<Record<string, number>>>;
}

/**
 * Rows are added, not changed: whether a row has changed is asked when a delta is planned, and what it is when it is loaded, later. One that is
 * changed again and again would show a later time than that which holds for all rows.
 */
export function marksIn(legacy: Pool, target: Pool): Marks {
  const written: number[] = [];
  return {
    next: async () => {
      const n = written.length;
      for (const [table, own] of Object.values(MARKED))
        await legacy.query(
          `insert into ${table} select (jsonb_populate_record(null::${table}, to_jsonb(x) || jsonb_build_object('id', ${FIRST + n}, ${own}))).*
           from ${table} x where id = ${ISLAND} and $1::text is not null`,
          [String(n)],
        );
      written.push(performance.now());
    },
    age: async () => {
      const selects = Object.entries(MARKED).map(
        ([entity, [, , key]]) =>
          `select '${entity}' as entity, count(*)::integer as rows from public.${entity} where ${key} >= ${FIRST}`,
      );
      const asked = performance.now();
      const found = await target.query<{ entity: string; rows: number }>(
        selects.join(" union all "),
      );
      return Object.fromEntries(
        found.rows.map(({ entity, rows }) => {
          const unseen = written[rows] ?? asked;
          return [entity, Math.max(0, asked - unseen) / 1_000];
        }),
      );
    },
  };
}
