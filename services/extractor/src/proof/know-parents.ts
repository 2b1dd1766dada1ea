/**
 * What twins know of parents was true when the parents were gone through. A run that began since may have loaded rows with parents that are newer,
 * and a second reading that does not know them would take those rows for wrong. Nothing else of a difference is judged here: what differs from what
 * the source says now is one, whichever run wrote it.
 */
import type { Entity } from "@nexus/catalog";
import type { Proving } from "./proving.ts";
import { readSoFar } from "./read-so-far.ts";

/** Has the twins know the parents anew that these rows of an entity name, and theirs, parents first. Does nothing while no run has begun since the proof was asked for. */
export async function knowParentsAnew(
  proving: Proving,
  catalog: readonly Entity[],
  entity: Entity,
  keys: readonly number[],
): Promise<void> {
  if (!(await hasRunBegun(proving))) return;
  const read = await readSoFar(proving.target);
  const named = await namedFrom(proving, catalog, entity, keys);
  for (const parent of catalog) {
    const wanted = named.get(parent.name) ?? [];
    if (parent === entity || wanted.length === 0 || !read.has(parent.name)) continue;
    proving.signal.throwIfAborted();
    await proving.twins.expecting(parent, wanted, () => proving.twins.keep(parent));
  }
}

async function hasRunBegun({ target, proof }: Proving): Promise<boolean> {
  const found = await target.query(
    `select from migration.runs r join migration.proofs p on p.id = $1 where r.started_at >= p.created_at limit 1`,
    [proof.id],
  );
  return found.rowCount !== 0;
}

/** By entity, the keys that the rows name, by themselves or through others: children are asked first. */
async function namedFrom(
  { twins, signal }: Proving,
  catalog: readonly Entity[],
  entity: Entity,
  keys: readonly number[],
): Promise<ReadonlyMap<string, readonly number[]>> {
  const named = new Map<string, readonly number[]>([[entity.name, keys]]);
  for (const child of catalog.toReversed()) {
    const parents = catalog.filter(({ name }) => name in child.parents);
    const wanted = named.get(child.name) ?? [];
    if (parents.length === 0 || wanted.length === 0) continue;
    signal.throwIfAborted();
    await twins.expecting(child, wanted, async () => {
      for (const parent of parents) {
        const more = await twins.named(child, parent);
        named.set(parent.name, [...new Set([...(named.get(parent.name) ?? []), ...more])]);
      }
    });
  }
  return named;
}
