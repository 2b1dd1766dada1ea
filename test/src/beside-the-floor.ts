/** Our target beside what floor.sql makes of the same source, in the same database: column by column. */
import { fileURLToPath } from "node:url";
import type { Entity } from "@nexus/catalog";
import type { Pool } from "@nexus/shared/database";
import type { PrivatePostgres } from "@nexus/shared/testing";

const FLOOR = fileURLToPath(new URL("../../bench/floor.sql", import.meta.url));

/** Columns that depend on when a row was loaded: the source has no such time. */
const LOAD_TIMES: Readonly<Record<string, readonly string[]>> = {
  practices: ["created_at", "updated_at"],
  practice_members: ["created_at", "updated_at"],
  workflow_templates: ["created_at", "updated_at"],
};

/** A row that differs: its legacy key, and the names of the columns in which it does (never their values). */
export interface Difference {
  readonly key: number;
  /** `not in ours`, `not in the floor`, or names with commas between them. */
  readonly columns: string;
}

/** Makes the floor in a schema, anew, of the source in schema `legacy` of the same database. */
export async function makeFloor(
  postgres: PrivatePostgres,
  url: string,
  schema = "floor",
): Promise<void> {
  await postgres.psql(url, ["-v", "legacy=legacy", "-v", `target=${schema}`, "-f", FLOOR]);
}

/** Rows of an entity that differ, by their legacy keys, at most `limit`. */
export async function differences(
  target: Pool,
  { target: { table, key } }: Entity,
  limit: number,
): Promise<Difference[]> {
  const left = [...(LOAD_TIMES[table] ?? []), "updated_at"];
  const { rows } = await target.query<Difference>(
    `select * from (
       select coalesce(o.${key}, f.${key}) as key, case when o.${key} is null then 'not in ours' when f.${key} is null then 'not in the floor' else
         (select string_agg(c.key, ', ') from jsonb_each(to_jsonb(f)) c where c.value is distinct from to_jsonb(o) -> c.key
            and c.key <> all($1::text[])
            and not (c.key = 'created_at' and $2 and f.created_at >= now() - interval '1 hour')) end as columns
       from public.${table} o full join floor.${table} f on f.${key} = o.${key}
       where o.${key} is null or f.${key} is null
          or (to_jsonb(f) - $1::text[]) is distinct from (select jsonb_object_agg(c.key, to_jsonb(o) -> c.key) from jsonb_each(to_jsonb(f) - $1::text[]) c)
     ) different where columns is not null order by key limit $3`,
    [left, table === "patients", limit],
  );
  return rows;
}
