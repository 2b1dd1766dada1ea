/** Finds the parents of a batch's rows in the target: one look-up per parent entity, all of them at once. */
import { entities, type Entity, entityNamed, type Parent, type ParentLookup } from "@nexus/catalog";
import { type Client, together } from "@nexus/shared/database";
import type { ReadRow } from "./read-rows.ts";

export async function resolveLinks(
  tx: Client,
  entity: Entity,
  rows: readonly ReadRow[],
): Promise<ParentLookup> {
  const found = new Map(
    await together(
      [...keysByParent(rows)].map(async ([name, keys]) => {
        const columns = entity.parents[name] ?? [];
        const sorted = [...keys].sort((a, b) => a - b);
        return [name, await findParents(tx, entityNamed(entities, name), columns, sorted)] as const;
      }),
    ),
  );
  return (name, legacyId) => found.get(name)?.get(legacyId);
}

const BEYOND_INTEGER = 2 ** 31;

function keysByParent(rows: readonly ReadRow[]): Map<string, Set<number>> {
  const wanted = new Map<string, Set<number>>();
  for (const read of rows) {
    if (read.kind === "unreadable") continue;
    for (const link of read.row.links) {
      if (Math.abs(link.legacyId) >= BEYOND_INTEGER) continue; // No row of the target has such a key.
      const keys = wanted.get(link.entity) ?? new Set();
      wanted.set(link.entity, keys.add(link.legacyId));
    }
  }
  return wanted;
}

/** An index look-up per key, whatever the planner believes of a table that was never analysed. */
async function findParents(
  tx: Client,
  parent: Entity,
  columns: readonly string[],
  keys: readonly number[],
): Promise<ReadonlyMap<number, Parent>> {
  const { table, key } = parent.target;
  const selected = ["id", ...columns].map((column) => `${column}::text`).join(", ");
  const found = await tx.query<Parent & { legacy_key: number }>(
    `select k.key as legacy_key, p.* from unnest($1::integer[]) as k (key)
     cross join lateral (select ${selected} from public.${table} where ${key} = k.key limit 1) p`,
    [keys],
  );
  return new Map(found.rows.map((row) => [row.legacy_key, row]));
}
