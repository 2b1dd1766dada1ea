/** The namespace of the target's ids: settled once, because a changed one would give every row another id. */
import { randomUUID } from "node:crypto";
import { ConfigurationError } from "../config/failure.ts";
import type { Queryable } from "../database/pool.ts";
import { idNamespace } from "./settings.ts";

/** Stores the given namespace, or a random one, unless there is one. Throws `ConfigurationError` when `wanted` is another one. */
export async function settleIdNamespace(tx: Queryable, wanted: string | undefined): Promise<string[]> {
  const stored = await idNamespace(tx);
  const asked = wanted?.toLowerCase();
  if (stored === undefined) {
    await tx.query("insert into migration.settings (name, value) values ('id_namespace', $1::text)", [
      asked ?? randomUUID(),
    ]);
    return [asked === undefined ? "made an id namespace" : "stored the given id namespace"];
  }
  if (asked !== undefined && asked !== stored)
    throw new ConfigurationError(
      `ID_NAMESPACE differs from the one that this target's ids were made with: unset it, or set it to ${stored}`,
    );
  return [];
}
