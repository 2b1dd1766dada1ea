import { describe, expect, it } from "vitest";
import { checkCatalog, inDependencyOrder } from "./catalog.ts";
import { parseCodes } from "./codes.ts";
import { entities } from "./entities/index.ts";
import type { Entity, Example, Outcome, Parent, Value } from "./entity.ts";
import { isJsonb } from "./jsonb.ts";
import { UnreadableRow } from "./row-errors.ts";

/** The conformance suite: what every entity has to hold, run for each. */

const codes = parseCodes();

function outcomeOf(entity: Entity, example: Example): Outcome {
  const parents = example.parents ?? {};
  return entity
    .read(example.row)
    .map((parent, legacyId) => parents[`${parent}:${legacyId}`], codes);
}

describe("the catalog", () => {
  it("can be run", () => {
    expect(() => checkCatalog(entities)).not.toThrow();
  });

  it("puts parents before children", () => {
    const order = inDependencyOrder(entities).map((entity) => entity.name);
    for (const entity of entities) {
      for (const parent of Object.keys(entity.parents)) {
        expect(order.indexOf(parent)).toBeLessThan(order.indexOf(entity.name));
      }
    }
  });
});

describe.each(entities.map((entity) => [entity.name, entity] as const))("%s", (_, entity) => {
  const columns = Object.keys(entity.target.columns);

  it.each(entity.examples.map((example) => [example.shows, example] as const))(
    "%s",
    (_, example) => {
      const outcome = outcomeOf(entity, example);
      const { expect: expected } = example;
      if ("rejected" in expected)
        expect(outcome).toMatchObject({ kind: "rejected", reason: expected.rejected });
      else if ("parked" in expected)
        expect(outcome).toMatchObject({ kind: "parked", entity: expected.parked });
      else {
        expect(outcome).toMatchObject({ kind: "loaded", row: expected.loaded });
        const notes = outcome.kind === "loaded" ? outcome.notes.map((note) => note.code) : [];
        expect(notes.sort()).toEqual([...(expected.notes ?? [])].sort());
      }
    },
  );

  it("shows at least six examples, on both source shapes", () => {
    expect(entity.examples.length).toBeGreaterThanOrEqual(6);
    expect(new Set(entity.examples.map((example) => example.shape))).toEqual(
      new Set(["real", "reported"]),
    );
    expect(new Set(entity.examples.map((example) => example.shows)).size).toBe(
      entity.examples.length,
    );
  });

  it("fills every target column but the id, each with its kind of value", () => {
    for (const outcome of loaded(entity)) {
      expect(Object.keys(outcome.row).sort()).toEqual(columns.toSorted());
      for (const [name, value] of Object.entries(outcome.row)) {
        expect(kindsOf(entity, name), name).toContain(value === null ? "null" : typeof value);
      }
    }
  });

  it("keys its target row by an integer and declares the key unique", () => {
    expect(entity.target.columns[entity.target.key]).toMatchObject({
      type: "integer",
      unique: true,
    });
    for (const outcome of loaded(entity))
      expect(outcome.row[entity.target.key]).toSatisfy(Number.isSafeInteger);
  });

  it("has the practice of its case in every example, if it says so", () => {
    for (const { parents = {}, ...example } of entity.examples) {
      const outcome = outcomeOf(entity, { ...example, parents });
      if (entity.followsCase !== true || outcome.kind !== "loaded") continue;
      const [owner] = Object.values(parents).filter(({ id }) => id === outcome.row["case_id"]);
      expect(outcome.row["practice_id"]).toBe(owner?.practice_id);
    }
  });

  it("writes JSON that parses", () => {
    const json = columns.filter((column) => entity.target.columns[column]?.type === "jsonb");
    for (const outcome of loaded(entity)) {
      for (const column of json)
        expect(() => JSON.parse(String(outcome.row[column]))).not.toThrow();
    }
  });

  it("notes only columns of the target, with codes and never values", () => {
    for (const outcome of loaded(entity)) {
      for (const note of outcome.notes) {
        expect(columns).toContain(note.column);
        expect(note.code).toMatch(/^[a-z_]+$/);
      }
    }
  });

  it("links only to its parents, and to nothing that the source has not", () => {
    for (const example of entity.examples) {
      for (const link of entity.read(example.row).links)
        expect(Object.keys(entity.parents)).toContain(link.entity);
    }
  });

  it("maps the same row to the same outcome", () => {
    for (const example of entity.examples)
      expect(outcomeOf(entity, example)).toEqual(outcomeOf(entity, example));
  });

  it("names an unreadable row by its key and columns only", () => {
    const [example] = entity.examples;
    const row = { ...example?.row, id: 99, [columnToSpoil(entity)]: { secret: "canary" } };
    expect(() => entity.read(row)).toThrow(UnreadableRow);
    expect(() => entity.read(row)).toThrow(
      expect.objectContaining({ entity: entity.name, legacyId: 99 }),
    );
    expect(() => entity.read(row)).not.toThrow(/canary/);
  });

  it("survives hostile rows: they map, or are turned away by name", () => {
    const random = seeded(20_190_501);
    const filled = columns.filter((column) => entity.target.columns[column]?.filled === true);
    for (let round = 0; round < 500; round += 1) {
      const outcome = tried(entity, hostile(entity, random));
      if (outcome?.kind !== "loaded") continue;
      expect(unstorable(entity, outcome.row)).toEqual([]);
      for (const column of filled) expect(outcome.row[column], column).not.toBeNull();
    }
  });
});

function loaded(entity: Entity): Extract<Outcome, { kind: "loaded" }>[] {
  return entity.examples
    .map((example) => outcomeOf(entity, example))
    .filter((outcome) => outcome.kind === "loaded");
}

const KINDS: Readonly<Record<string, string>> = { integer: "number", boolean: "boolean" };

/** What a column may hold: null too, where it is not always filled or the loader fills it. */
function kindsOf(entity: Entity, name: string): string[] {
  const { type, required, filled } = entity.target.columns[name] ?? {};
  const isManaged = name === "created_at" || name === "updated_at";
  const kind = KINDS[type ?? ""] ?? "string";
  return (required ?? filled ?? false) && !isManaged ? [kind] : [kind, "null"];
}

function columnToSpoil(entity: Entity): string {
  return Object.keys(entity.examples[0]?.row ?? {}).find((column) => column !== "id") ?? "id";
}

const PARENT: Parent = {
  id: "00000000-0000-5000-8000-000000000001",
  practice_id: null,
  role: "doctor",
};

/** The outcome of a row, or null where it cannot be read. Any other error fails the test. */
function tried(entity: Entity, row: unknown): Outcome | null {
  try {
    return entity.read(row).map((_, legacyId) => (legacyId % 3 === 0 ? undefined : PARENT), codes);
  } catch (error) {
    if (error instanceof UnreadableRow) return null;
    throw error;
  }
}

/** Columns whose value PostgreSQL would refuse. */
function unstorable(entity: Entity, row: Readonly<Record<string, Value>>): string[] {
  return Object.entries(row)
    .filter(([name, value]) => {
      if (typeof value !== "string") return false;
      return entity.target.columns[name]?.type === "jsonb"
        ? !isJsonb(value)
        : /\p{Surrogate}/u.test(value);
    })
    .map(([name]) => name);
}

const HOSTILE: readonly unknown[] = [
  null,
  undefined,
  "",
  " \u00a0\ufeff",
  "null",
  "\ud800",
  "a\ud83d@b",
  "\u0001\u0007\u001b[31m",
  "' or 1=1; --",
  "infinity",
  "-infinity",
  "0044-03-15 BC",
  "294276-12-31 23:59:59.999999+00",
  "2019-02-30 25:61:61+99",
  '{"a": 1e999999}',
  '{"__proto__": {"a": 1}}',
  "[".repeat(5_000),
  "x".repeat(100_000),
  -1,
  0,
  2_147_483_648,
  1.5,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  true,
  {},
  [],
  [1, null],
  [3, 1, 2],
  Symbol.iterator,
];

/** An example's row in which some columns hold something else. */
function hostile(entity: Entity, random: () => number): Record<string, unknown> {
  const pick = <T>(from: readonly T[]): T | undefined => from[Math.floor(random() * from.length)];
  const row: Record<string, unknown> = { ...pick(entity.examples)?.row };
  for (const column of Object.keys(row)) if (random() < 0.2) row[column] = pick(HOSTILE);
  return row;
}

/** mulberry32: the same rows on every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
