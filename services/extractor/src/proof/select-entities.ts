/** What of the catalog a proof goes through: what is asked for, and what its twins have to know of parents. Pure. */
import type { Entity } from "@nexus/catalog";

export interface Step {
  readonly entity: Entity;
  readonly position: number;
  /** Whether it is proved itself. */
  readonly isAsked: boolean;
  /** Whether children that are proved need to know its rows. */
  readonly isKept: boolean;
  readonly status: "proved" | "without_twin" | "unread";
}

/**
 * Steps in dependency order. Who has a parent without a twin cannot be proved either. `unread`: no run has read a row of it; for its children its
 * rows are not there, as they were for the loader.
 */
export function stepsOf(
  catalog: readonly Entity[],
  asked: readonly string[] | null,
  hasTwin: (entity: Entity) => boolean,
  isUnread: (entity: Entity) => boolean,
): readonly Step[] {
  const parentsOf = ancestry(catalog);
  const isAsked = ({ name }: Entity): boolean => asked?.includes(name) ?? true;
  return catalog.flatMap((entity, position) => {
    const isKept = catalog.some((one) => isAsked(one) && parentsOf(one).has(entity.name));
    if (!isAsked(entity) && !isKept) return [];
    const family = catalog.filter((one) => one === entity || parentsOf(entity).has(one.name));
    const isProvable = family.every(hasTwin);
    const status = !isProvable ? "without_twin" : isUnread(entity) ? "unread" : "proved";
    return [{ entity, position, isAsked: isAsked(entity), isKept, status }] as const;
  });
}

function ancestry(catalog: readonly Entity[]): (entity: Entity) => ReadonlySet<string> {
  const known = new Map<string, ReadonlySet<string>>();
  for (const { name, parents } of catalog) {
    const direct = Object.keys(parents);
    known.set(name, new Set([...direct, ...direct.flatMap((one) => [...(known.get(one) ?? [])])]));
  }
  return ({ name }) => known.get(name) ?? new Set();
}
