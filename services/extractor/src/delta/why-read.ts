/** Why a delta reads all of an entity, as a code. */
import type { Queryable } from "@nexus/shared/database";

/** Undefined: it does not. `lacks`: rows that were loaded are not in the target any more. */
export async function whyRead(
  tx: Queryable,
  entity: string,
  version: string | null,
  lacks: boolean,
): Promise<string | undefined> {
  if (version === null) return "fingerprints_off";
  if (lacks) return "target_lacks_rows";
  const found = await tx.query<{ same: boolean | null }>(
    `select bool_or(version = $2) as same from migration.fingerprints where entity = $1 and merged`,
    [entity, version],
  );
  const same = found.rows[0]?.same ?? null;
  if (same === null) return "no_fingerprints";
  return same ? undefined : "other_circumstances";
}
