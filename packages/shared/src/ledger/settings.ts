/** Settings of the target that must never change once rows carry them. */
import type { Queryable } from "../database/pool.ts";

/** The namespace of the ids that we give to new rows: made once, kept for ever. Undefined before `nexus migrate`. */
export async function idNamespace(db: Queryable): Promise<string | undefined> {
  const found = await db.query<{ value: string }>(
    `select value from migration.settings where name = 'id_namespace'`,
  );
  return found.rows[0]?.value;
}
