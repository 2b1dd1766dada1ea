/** Keys of the source rows that a run could not move, by what they have in common. */
import type { Evidence } from "@nexus/contract";
import type { Queryable } from "@nexus/shared/database";
import { eq, exceptions, query, read } from "@nexus/shared/tables";
import type { Shortfall } from "../queries/list-shortfalls.ts";

/** So many keys are listed at most. */
const MOST_LISTED = 10_000;

type Key = number | string;
type Reason = Pick<Shortfall, "entity" | "kind" | "reason" | "column" | "missingEntity">;

/** The first keys of a run's exceptions, by entity and key. */
export async function readKeys(
  db: Queryable,
  runId: number,
): Promise<ReadonlyMap<string, readonly Key[]>> {
  const { entity, outcome, reason, column_name, missing_entity, legacy_id, run_id } = exceptions;
  const selected = {
    entity,
    kind: outcome,
    reason,
    column: column_name,
    missingEntity: missing_entity,
    key: legacy_id,
  };
  const wanted = query.select(selected).from(exceptions).where(eq(run_id, runId));
  const found = await read(db, wanted.orderBy(entity, legacy_id).limit(MOST_LISTED));
  const keys = new Map<string, Key[]>();
  for (const { key, ...of } of found) {
    const listed = keys.get(nameOf(of)) ?? [];
    listed.push(key);
    keys.set(nameOf(of), listed);
  }
  return keys;
}

/** Those of one reason, and how many more there are. Null where no keys are on record, or none were asked for. */
export function keysOf(
  keys: ReadonlyMap<string, readonly Key[]> | undefined,
  shortfall: Shortfall,
): Evidence["exceptions"][number]["keys"] {
  const onRecord = shortfall.kind === "rejected" || shortfall.kind === "parked";
  if (keys === undefined || !onRecord) return null;
  const listed = [...(keys.get(nameOf(shortfall)) ?? [])];
  return { listed, left: shortfall.rows - listed.length };
}

function nameOf({ entity, kind, reason, column, missingEntity }: Reason): string {
  return JSON.stringify([entity, kind, reason, column, missingEntity]);
}
