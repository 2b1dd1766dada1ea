/** Which stranger is which row of the source. Pure. One to one, or not at all: nothing is guessed, nobody is merged. */
import type { Entity } from "@nexus/catalog";
import { type Known, keysOf, type Stranger, type Told } from "./told.ts";

/** Why a stranger is left alone. */
type Reason =
  /** Several rows of the target have the natural key. */
  | "ambiguous_target"
  /** Several rows of the source have it. */
  | "ambiguous_source"
  /** One key says one row, another key, a name or a parent says another. */
  | "contradicted"
  /** Another row of the target is of the same source row, or has its key already. */
  | "duplicate"
  | "no_match";

export interface Match extends Pick<Known, "legacyId" | "legacyKey"> {
  readonly id: string;
  readonly via: string;
}

export interface Left {
  readonly id: string;
  readonly reason: Reason;
  readonly legacyId: number | null;
  readonly via: string | null;
}

export interface Facts {
  readonly entity: Pick<Entity, "recognition">;
  readonly strangers: readonly Stranger[];
  readonly sources: ReadonlyMap<number, Known>;
  /** The source rows that have a natural key. */
  readonly byKey: ReadonlyMap<string, readonly number[]>;
  /** The source rows whose computed id is a stranger's. */
  readonly byId: ReadonlyMap<string, number>;
  /** Natural keys of rows of the target that have a legacy key. */
  readonly held: ReadonlySet<string>;
  /** Legacy keys that rows of the target have. */
  readonly taken: ReadonlySet<number>;
  /** The column or member that holds a legacy id, if there is one. */
  readonly place: string | undefined;
  /** Of duplicates, the ones that an operator chose. */
  readonly keep: ReadonlySet<string>;
}

interface Claim extends Match {
  readonly stranger: Stranger;
  /** By a natural key that others have, too. */
  readonly shared: boolean;
  readonly natural: boolean;
}

interface Evidence {
  readonly via: string;
  readonly legacyIds: readonly number[];
}

/** Every stranger is matched or left. */
export function match(facts: Facts): {
  readonly matches: readonly Match[];
  readonly left: readonly Left[];
} {
  const counts = new Map<string, number>();
  for (const { told } of facts.strangers)
    for (const key of keysOf(facts.entity, told))
      if (key !== null) counts.set(key, (counts.get(key) ?? 0) + 1);
  const judged = facts.strangers.map((stranger) => judge(facts, counts, stranger));
  const claims = judged.flatMap((one) => ("stranger" in one ? one : []));
  const left = judged.flatMap((one) => ("stranger" in one ? [] : one));
  const matches: Match[] = [];
  for (const group of grouped(claims)) {
    const chosen = chosenOf(facts, group);
    if (chosen !== undefined) matches.push(matchOf(chosen));
    const reason = reasonOf(facts, group);
    for (const claim of group)
      if (claim !== chosen) left.push(leftOf(claim.stranger, reason, claim));
  }
  return { matches, left };
}

function matchOf({ id, legacyId, legacyKey, via }: Claim): Match {
  return { id, legacyId, legacyKey, via };
}

function leftOf(
  { id }: Stranger,
  reason: Reason,
  of?: { legacyId: number | null; via: string },
): Left {
  return { id, reason, legacyId: of?.legacyId ?? null, via: of?.via ?? null };
}

function grouped(claims: readonly Claim[]): Iterable<Claim[]> {
  const groups = new Map<number, Claim[]>();
  for (const claim of claims) {
    const group = groups.get(claim.legacyId) ?? [];
    group.push(claim);
    groups.set(claim.legacyId, group);
  }
  return groups.values();
}

/** The one of a group that is adopted: the only one, or the one that an operator chose among duplicates. */
function chosenOf(facts: Facts, group: readonly Claim[]): Claim | undefined {
  const [first] = group;
  if (first === undefined || facts.taken.has(first.legacyKey)) return undefined;
  if (group.length === 1) return first.shared ? undefined : first;
  if (reasonOf(facts, group) !== "duplicate") return undefined;
  const kept = group.filter(({ id }) => facts.keep.has(id));
  return kept.length === 1 ? kept[0] : undefined;
}

/** Rows that have an e-mail address in common need not be one person: of duplicates the names agree, too. */
function reasonOf({ entity, taken }: Facts, group: readonly Claim[]): Reason {
  const [first] = group;
  if (first === undefined || taken.has(first.legacyKey)) return "duplicate";
  if (group.length === 1) return "ambiguous_target";
  const byNature = group.filter(({ natural }) => natural);
  const names = byNature.map(({ stranger }) =>
    JSON.stringify(
      entity.recognition.witnesses.map((column) => stranger.told[column]?.toLowerCase()),
    ),
  );
  return new Set(names).size > 1 ? "ambiguous_target" : "duplicate";
}

function judge(
  facts: Facts,
  counts: ReadonlyMap<string, number>,
  stranger: Stranger,
): Claim | Left {
  const strong = strongEvidence(facts, stranger);
  const natural = naturalEvidence(facts, stranger);
  const [first] = [...strong, ...natural.filter(({ legacyIds }) => legacyIds.length === 1)];
  if (first === undefined) return unknown(stranger, natural);
  const [legacyId = 0] = first.legacyIds;
  const source = facts.sources.get(legacyId);
  const said = { legacyId, via: first.via };
  if (source === undefined)
    return leftOf(stranger, natural.length > 0 ? "contradicted" : "no_match", said);
  const others = [...strong, ...natural].filter((one) => one !== first);
  const isNatural = strong.length === 0;
  const isAgreed = !isNatural && others.length > 0;
  if (others.some(({ legacyIds }) => !legacyIds.includes(legacyId)))
    return leftOf(stranger, "contradicted", said);
  if (!isOfIt(facts, isAgreed, stranger.told, source.told))
    return leftOf(stranger, "contradicted", said);
  const shared = isNatural && isShared(facts, counts, stranger);
  return {
    id: stranger.id,
    ...said,
    legacyKey: source.legacyKey,
    stranger,
    shared,
    natural: isNatural,
  };
}

/** Parents agree; names too, unless a second key does. */
function isOfIt(facts: Facts, isAgreed: boolean, ours: Told, theirs: Told): boolean {
  return !isElsewhere(facts, ours, theirs) && (isAgreed || !isAnother(facts, ours, theirs));
}

/** Nothing leads to one row of the source alone. */
function unknown(stranger: Stranger, [shared]: readonly Evidence[]): Left {
  if (shared === undefined) return leftOf(stranger, "no_match");
  return leftOf(stranger, "ambiguous_source", { via: shared.via, legacyId: null });
}

/** Whether other rows of the target have one of its natural keys. */
function isShared(
  { entity, held }: Facts,
  counts: ReadonlyMap<string, number>,
  { told }: Stranger,
): boolean {
  const keys = keysOf(entity, told).filter((key) => key !== null);
  return keys.some((key) => held.has(key) || (counts.get(key) ?? 0) > 1);
}

/** A legacy id that somebody wrote down, and an id that was computed from one. */
function strongEvidence({ place, byId }: Facts, { id, places }: Stranger): Evidence[] {
  const written = place === undefined ? undefined : places[place];
  const computed = byId.get(id);
  return [
    ...(written === undefined || place === undefined ? [] : [{ via: place, legacyIds: [written] }]),
    ...(computed === undefined ? [] : [{ via: "id", legacyIds: [computed] }]),
  ];
}

function naturalEvidence({ entity, byKey }: Facts, { told }: Stranger): Evidence[] {
  return keysOf(entity, told).flatMap((key, position) => {
    const legacyIds = key === null ? undefined : byKey.get(key);
    const via = (entity.recognition.keys[position] ?? []).join("+");
    return legacyIds === undefined ? [] : [{ via, legacyIds }];
  });
}

/** It has a parent that is not the source's, or that nobody knows. */
function isElsewhere({ entity }: Pick<Facts, "entity">, ours: Told, theirs: Told): boolean {
  const { sameParents } = entity.recognition;
  return sameParents.some((column) => ours[column] !== null && ours[column] !== theirs[column]);
}

/** Names that differ in all there is to compare. */
function isAnother({ entity }: Pick<Facts, "entity">, ours: Told, theirs: Told): boolean {
  const pairs = comparable(entity.recognition.witnesses, ours, theirs);
  return pairs.length > 0 && pairs.every(([a, b]) => a !== b);
}

function comparable(
  columns: readonly string[],
  ours: Told,
  theirs: Told,
): (readonly [string, string])[] {
  return columns.flatMap((column) => {
    const [a, b] = [ours[column], theirs[column]];
    return typeof a === "string" && typeof b === "string"
      ? [[a.toLowerCase(), b.toLowerCase()] as const]
      : [];
  });
}

/** Whether what both rows say of themselves speaks for one thing. Undefined: they have nothing in common to compare. */
export function agree(entity: Facts["entity"], ours: Told, theirs: Told): boolean | undefined {
  const { keys, witnesses, sameParents } = entity.recognition;
  const pairs = comparable(
    [...new Set([...keys.flat(), ...witnesses, ...sameParents])],
    ours,
    theirs,
  );
  return pairs.length === 0 ? undefined : pairs.some(([a, b]) => a === b);
}
