/** Where an earlier tool may have written down the source's key: columns and members that hold numbers. Pure. */
import { agree, type Facts } from "./match.ts";

/** A column or member, and how far its numbers are keys of the source. */
export interface Place {
  readonly place: string;
  /** Rows that have a number there. */
  readonly rows: number;
  /** Of them, those whose number is a key of the source. */
  readonly inSource: number;
  /** Of these, those that can be compared by an e-mail address or a name, and those that agree. */
  readonly comparable: number;
  readonly agreeing: number;
  /** Whether rows are known by it. */
  readonly used: boolean;
}

/** Names that say it: `legacy_id`, `metadata.legacy_user_id`, `metadata.legacyId`, `metadata.legacy.id`. */
const NAMED = /^(?:metadata\.)?(?:(?:legacy|old|source|django)_?(?:[a-z]+_?)?id|legacy\.id)$/i;

/** Shares from which a name is believed without an operator's word. */
const IN_SOURCE = 0.5;
const AGREEING = 0.9;

/** All places with numbers of the source. `asked`: the one that an operator named. */
export function findPlaces(
  facts: Omit<Facts, "place">,
  asked: string | undefined,
): readonly Place[] {
  const counted = count(facts).filter(({ inSource, place }) => inSource > 0 || place === asked);
  const believed = counted.filter(isBelieved);
  const used = asked ?? (believed.length === 1 ? believed[0]?.place : undefined);
  const found = counted.some(({ place }) => place === asked) || asked === undefined;
  const none = { rows: 0, inSource: 0, comparable: 0, agreeing: 0 };
  const all = found ? counted : [...counted, { place: asked, ...none }];
  return all.map((one) => ({ ...one, used: one.place === used }));
}

function isBelieved({ place, rows, inSource, comparable, agreeing }: Omit<Place, "used">): boolean {
  return NAMED.test(place) && inSource >= rows * IN_SOURCE && agreeing >= comparable * AGREEING;
}

function count({ entity, strangers, sources }: Omit<Facts, "place">): Omit<Place, "used">[] {
  const found = new Map<
    string,
    { rows: number; inSource: number; comparable: number; agreeing: number }
  >();
  for (const { told, places } of strangers)
    for (const [place, legacyId] of Object.entries(places)) {
      const counts = found.get(place) ?? { rows: 0, inSource: 0, comparable: 0, agreeing: 0 };
      found.set(place, counts);
      counts.rows += 1;
      const source = sources.get(legacyId);
      if (source === undefined) continue;
      counts.inSource += 1;
      const agrees = agree(entity, told, source.told);
      if (agrees !== undefined) counts.comparable += 1;
      if (agrees === true) counts.agreeing += 1;
    }
  return [...found]
    .map(([place, counts]) => ({ place, ...counts }))
    .sort((a, b) => b.rows - a.rows);
}
