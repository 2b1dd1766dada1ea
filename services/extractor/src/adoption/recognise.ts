/** What becomes of the strangers of one entity. Reads both databases, writes nothing. */
import type { Entity, SourceShape } from "@nexus/catalog";
import type { Adoption } from "@nexus/shared/ledger";
import type { Deps } from "../deps.ts";
import { type Facts, type Left, type Match, match } from "./match.ts";
import { findPlaces, type Place } from "./places.ts";
import { readKnown } from "./read-known.ts";
import { type Matched, readHeld, readStrangers, readTaken } from "./read-strangers.ts";
import { keysOf } from "./told.ts";

export interface Recognised {
  readonly entity: Entity;
  readonly strangers: number;
  readonly matches: readonly Match[];
  readonly left: readonly Left[];
  readonly places: readonly Place[];
}

/** How rows of this adoption may be known. */
export interface Clues extends Pick<Adoption, "asked"> {
  readonly shape: SourceShape;
  readonly namespaces: readonly string[];
}

/** Matches the strangers of an entity; undefined where there are none. `matched`: parents whose key is not written yet. */
export async function recognise(
  deps: Deps,
  entity: Entity,
  { asked, shape, namespaces }: Clues,
  matched: Matched,
): Promise<Recognised | undefined> {
  const strangers = await readStrangers(deps.target, entity, matched);
  if (strangers.length === 0) return undefined;
  const keys = new Set(
    strangers.flatMap(({ told }) => keysOf(entity, told)).filter((key) => key !== null),
  );
  const found = await readKnown(deps, entity, shape, {
    legacyIds: new Set(strangers.flatMap(({ places }) => Object.values(places))),
    keys,
    ids: new Set(strangers.map(({ id }) => id)),
    namespaces,
  });
  const facts: Omit<Facts, "place"> = {
    entity,
    strangers,
    ...found,
    held: await readHeld(deps.target, entity, keys),
    taken: await readTaken(deps.target, entity, legacyKeys(found.sources)),
    keep: new Set(asked.keep),
  };
  const places = findPlaces(facts, asked.keys[entity.name]);
  const place = places.find(({ used }) => used)?.place;
  return { entity, strangers: strangers.length, ...match({ ...facts, place }), places };
}

function legacyKeys(sources: ReadonlyMap<number, { readonly legacyKey: number }>): number[] {
  return [...sources.values()].map(({ legacyKey }) => legacyKey);
}

/** Of a match, its parent's legacy id by the target's id. */
export function idsOf({ matches }: Recognised): ReadonlyMap<string, number> {
  return new Map(matches.map(({ id, legacyId }) => [id, legacyId]));
}
