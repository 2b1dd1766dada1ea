/** The namespace of the target's ids: fixed once, because a changed one would give every row another id. */
import { randomUUID } from "node:crypto";
import { ConfigurationError } from "../config/failure.ts";
import type { Queryable } from "../database/pool.ts";
import type { Columns, settings } from "../tables/index.ts";

/** The namespace of the ids that we give to new rows: made once, kept for ever. Undefined before `nexus migrate`. */
export async function idNamespace(db: Queryable): Promise<string | undefined> {
  const found = await db.query<Columns<typeof settings, { value: "value" }>>(
    `select value from migration.settings where name = 'id_namespace'`,
  );
  return found.rows[0]?.value;
}

/** Stores the given namespace, or a random one, unless there is one. Throws `ConfigurationError` when `wanted` is another one. */
export async function fixIdNamespace(tx: Queryable, wanted: string | undefined): Promise<string[]> {
  const stored = await idNamespace(tx);
  const asked = wanted?.toLowerCase();
  if (stored === undefined) {
    await tx.query(
      "insert into migration.settings (name, value) values ('id_namespace', $1::text)",
      [asked ?? randomUUID()],
    );
    return [asked === undefined ? "made an id namespace" : "stored the given id namespace"];
  }
  if (asked !== undefined && asked !== stored)
    throw new ConfigurationError(
      `ID_NAMESPACE differs from the one that this target's ids were made with: unset it, or set it to ${stored}`,
    );
  return [];
}
