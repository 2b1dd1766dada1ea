/** Follows views, rules and functions to the tables whose rows they show to whoever may use them. Pure. */
import { needsOf } from "./function-needs.ts";
import type { Guarded, Relation, Routine } from "./open-objects.ts";

export interface Objects {
  readonly tables: readonly Guarded[];
  readonly relations: readonly Relation[];
  readonly routines: readonly Routine[];
  /** For each role the tables of which it sees more than a tenant. */
  readonly sight: ReadonlyMap<number, ReadonlySet<number>>;
}

type Oids = ReadonlySet<number>;
export type Reach = ReadonlyMap<number, Oids>;
type Item = Relation | Routine;

/** For each relation and routine the tables that it opens: none for most. */
export function openedTables(objects: Objects): Reach {
  const { tables, relations, routines } = objects;
  const items: Item[] = [
    ...relations,
    ...routines.map((one) => ({ ...one, needs: needsOf(one, objects) })),
  ];
  const own = new Map(tables.map(({ oid }) => [oid, new Set([oid])]));
  const named = grown(own, items, ({ needs }) => needs);
  const byItself = new Map(items.map((one) => [one.oid, openedByItself(one, named, objects)]));
  const kinds = new Map(items.map((one) => [one.oid, one]));
  return grown(byItself, items, (one) => passedOn(one, kinds));
}

/** What it opens by the rights with which it reads: its owner's, at once or through what is read as the owner, too. */
function openedByItself(one: Item, named: Reach, { sight }: Objects): Oids {
  if (one.kind === "foreign table") return new Set(one.needs);
  const seen = sight.get(one.owner) ?? new Set();
  return new Set([...readAsOwner(one, named)].filter((oid) => seen.has(oid)));
}

function readAsOwner(one: Item, named: Reach): Iterable<number> {
  if ("definer" in one) return one.definer ? (named.get(one.oid) ?? []) : [];
  if (one.kind === "materialized view") return named.get(one.oid) ?? [];
  return one.invoker ? [] : one.needs;
}

/** What it uses so that whoever uses it gets what that opens. A function that a view names is executed as whoever asks. */
function passedOn(one: Item, items: ReadonlyMap<number, Item>): readonly number[] {
  const isCallable = (oid: number): boolean => {
    const needed = items.get(oid);
    return needed?.kind === "function" && needed.callable;
  };
  const isRelation = (oid: number): boolean => items.get(oid)?.kind !== "function";
  if ("definer" in one)
    return one.definer ? one.needs : one.body === null ? one.needs.filter(isCallable) : [];
  if (one.kind === "materialized view") return one.needs;
  return one.needs.filter((oid) => isCallable(oid) || (!one.invoker && isRelation(oid)));
}

/** To each what those have that it needs, and so on, in circles too. */
function grown(
  start: Reach,
  items: readonly Item[],
  needs: (one: Item) => readonly number[],
): Reach {
  const reach = new Map<number, Set<number>>([...start].map(([oid, oids]) => [oid, new Set(oids)]));
  for (let grew = true; grew;) {
    grew = false;
    for (const one of items) {
      const has = reach.get(one.oid) ?? new Set();
      const before = has.size;
      for (const need of needs(one)) for (const oid of reach.get(need) ?? []) has.add(oid);
      reach.set(one.oid, has);
      grew ||= has.size > before;
    }
  }
  return reach;
}
