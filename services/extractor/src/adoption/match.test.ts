import { entities, entityNamed } from "@nexus/catalog";
import { describe, expect, it } from "vitest";
import { type Facts, match } from "./match.ts";
import { findPlaces } from "./places.ts";
import { type Known, keysOf, type Stranger } from "./told.ts";

const profiles = entityNamed(entities, "profiles");

/** `id: first last <email> #written`. */
function stranger(id: string, name: string, email: string | null, written?: number): Stranger {
  const [first = null, last = null] = name === "" ? [] : name.split(" ");
  const told = { email, first_name: first, last_name: last };
  return { id, told, places: written === undefined ? {} : { "metadata.legacy_user_id": written } };
}

function source(legacyId: number, name: string, email: string | null): Known {
  return { legacyId, legacyKey: legacyId, told: stranger("", name, email).told };
}

function facts(strangers: Stranger[], sources: Known[], more: Partial<Facts> = {}): Facts {
  const byKey = new Map<string, number[]>();
  for (const { legacyId, told } of sources)
    for (const key of keysOf(profiles, told))
      if (key !== null) byKey.set(key, [...(byKey.get(key) ?? []), legacyId]);
  return {
    entity: profiles,
    strangers,
    sources: new Map(sources.map((one) => [one.legacyId, one])),
    byKey,
    byId: new Map(),
    held: new Set(),
    taken: new Set(),
    place: "metadata.legacy_user_id",
    keep: new Set(),
    ...more,
  };
}

/** `a=1 by email` for a match, `b: reason` for what is left. */
function outcome(given: Facts): string[] {
  const { matches, left } = match(given);
  const said = [
    ...matches.map(({ id, legacyId, via }) => `${id}=${legacyId} by ${via}`),
    ...left.map(({ id, reason }) => `${id}: ${reason}`),
  ];
  return said.toSorted();
}

const ann = source(1, "Ann Lee", "ann@x");
const bob = source(2, "Bob Ray", "bob@x");

describe("a stranger", () => {
  it("is known by a legacy id that was written down, and by an address that nobody else has", () => {
    const strangers = [stranger("a", "Ann Lee", null, 1), stranger("b", "Bob Ray", "bob@x")];
    expect(outcome(facts(strangers, [ann, bob]))).toEqual([
      "a=1 by metadata.legacy_user_id",
      "b=2 by email",
    ]);
  });

  it("is known by an id that was computed", () => {
    const strangers = [stranger("a", "", null)];
    expect(outcome(facts(strangers, [ann], { byId: new Map([["a", 1]]) }))).toEqual(["a=1 by id"]);
  });

  it("is nobody's by a blank address, a name alone, or a number that the source has not", () => {
    const blank = source(3, "Cy Orr", null);
    const strangers = [
      stranger("c", "Cy Orr", null),
      stranger("d", "", null),
      stranger("e", "", null, 99),
    ];
    expect(outcome(facts(strangers, [blank, ann]))).toEqual([
      "c: no_match",
      "d: no_match",
      "e: no_match",
    ]);
  });

  it("is not matched by an address that two accounts of the source share", () => {
    const both = [source(1, "Ann Lee", "home@x"), source(2, "Bob Lee", "home@x")];
    expect(outcome(facts([stranger("a", "Ann Lee", "home@x")], both))).toEqual([
      "a: ambiguous_source",
    ]);
    expect(outcome(facts([stranger("a", "Ann Lee", "home@x", 1)], both))).toEqual([
      "a=1 by metadata.legacy_user_id",
    ]);
  });

  it("is not matched by an address that other rows of the target have", () => {
    const two = [stranger("a", "Ann Lee", "ann@x"), stranger("b", "Bea Ray", "ann@x")];
    expect(outcome(facts(two, [source(1, "Ann Lee", "ann@x")]))).toEqual([
      "a: ambiguous_target",
      "b: contradicted",
    ]);
    const held = new Set(keysOf(profiles, ann.told).filter((key) => key !== null));
    expect(outcome(facts([stranger("a", "Ann Lee", "ann@x")], [ann], { held }))).toEqual([
      "a: ambiguous_target",
    ]);
  });

  it("is contradicted where two accounts swapped their addresses, whichever key it has", () => {
    const swapped = [source(1, "Ann Lee", "bob@x"), source(2, "Bob Ray", "ann@x")];
    const written = [stranger("a", "Ann Lee", "ann@x", 1), stranger("b", "Bob Ray", "bob@x", 2)];
    expect(outcome(facts(written, swapped))).toEqual(["a: contradicted", "b: contradicted"]);
    const unwritten = [stranger("a", "Ann Lee", "ann@x"), stranger("b", "Bob Ray", "bob@x")];
    expect(outcome(facts(unwritten, swapped))).toEqual(["a: contradicted", "b: contradicted"]);
  });

  it("keeps its match where only the name has changed, or only the address", () => {
    const strangers = [stranger("a", "Ann Old", "ann@x", 1), stranger("b", "Bob Ray", "old@x", 2)];
    expect(outcome(facts(strangers, [ann, bob]))).toHaveLength(2);
    expect(match(facts(strangers, [ann, bob])).left).toEqual([]);
  });

  it("is not of a source row whose key another row has", () => {
    const taken = new Set([1]);
    expect(outcome(facts([stranger("a", "Ann Lee", "ann@x", 1)], [ann], { taken }))).toEqual([
      "a: duplicate",
    ]);
  });
});

describe("duplicates", () => {
  const twice = [stranger("a", "Ann Lee", "ann@x", 1), stranger("b", "Ann Lee", "ann@x")];

  it("are left alone, all of them", () => {
    expect(outcome(facts(twice, [ann]))).toEqual(["a: duplicate", "b: duplicate"]);
  });

  it("are adopted where an operator says which one", () => {
    expect(outcome(facts(twice, [ann], { keep: new Set(["b"]) }))).toEqual([
      "a: duplicate",
      "b=1 by email",
    ]);
  });

  it("are left alone where an operator says two", () => {
    expect(outcome(facts(twice, [ann], { keep: new Set(["a", "b"]) }))).toEqual([
      "a: duplicate",
      "b: duplicate",
    ]);
  });
});

describe("a place that holds legacy ids", () => {
  const many = (from: number, written: (n: number) => number) =>
    Array.from({ length: 20 }, (_, n) =>
      stranger(`s${n}`, `F${n} L${n}`, `p${n}@x`, written(n) + from),
    );
  const sources = Array.from({ length: 40 }, (_, n) => source(n, `F${n} L${n}`, `p${n}@x`));

  it("is used where its name says so and the rows agree", () => {
    const [place] = findPlaces(
      facts(
        many(0, (n) => n),
        sources,
      ),
      undefined,
    );
    expect(place).toMatchObject({
      rows: 20,
      inSource: 20,
      comparable: 20,
      agreeing: 20,
      used: true,
    });
  });

  it("is not used where the rows disagree, unless an operator names it", () => {
    const shifted = facts(
      many(1, (n) => n),
      sources,
    );
    expect(findPlaces(shifted, undefined)).toMatchObject([
      { inSource: 20, agreeing: 0, used: false },
    ]);
    expect(findPlaces(shifted, "metadata.legacy_user_id")).toMatchObject([{ used: true }]);
  });

  it("is not used beside another one that says so, too", () => {
    const both = many(0, (n) => n).map((one) => ({
      ...one,
      places: { ...one.places, "metadata.legacyId": one.places["metadata.legacy_user_id"] ?? 0 },
    }));
    expect(findPlaces(facts(both, sources), undefined).map(({ used }) => used)).toEqual([
      false,
      false,
    ]);
  });

  it("is named although no row has a number there", () => {
    expect(findPlaces(facts([], sources), "metadata.nothing")).toEqual([
      { place: "metadata.nothing", rows: 0, inSource: 0, comparable: 0, agreeing: 0, used: true },
    ]);
  });
});
