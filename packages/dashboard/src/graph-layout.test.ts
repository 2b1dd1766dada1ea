import { entities, inDependencyOrder } from "@nexus/catalog";
import { describe, expect, it } from "vitest";
import { layOut } from "./graph-layout.ts";

const catalog = inDependencyOrder(entities).map(({ name, parents }) => ({
  entity: name,
  parents: Object.keys(parents),
}));

describe("the graph", () => {
  it("puts every entity of the catalog to the right of its parents, each in a place of its own", () => {
    const { spots, ranks, rows } = layOut(catalog);
    const rankOf = new Map(spots.map(({ entity, rank }) => [entity, rank]));
    for (const { entity, parents } of catalog)
      for (const parent of parents)
        expect(rankOf.get(entity)).toBeGreaterThan(rankOf.get(parent) ?? Infinity);
    expect(new Set(spots.map(({ rank, row }) => `${rank} ${row}`)).size).toBe(catalog.length);
    for (const { rank, row } of spots)
      expect(rank < ranks && row >= 0 && row <= rows - 1).toBe(true);
  });

  it("draws only the edges that others do not imply", () => {
    const { edges } = layOut([
      { entity: "a", parents: [] },
      { entity: "b", parents: ["a"] },
      { entity: "c", parents: ["a", "b"] },
    ]);
    expect(edges).toEqual([
      { from: "a", to: "b" },
      { from: "b", to: "c" },
    ]);
  });

  it("is empty where there is nothing", () => {
    expect(layOut([])).toEqual({ spots: [], edges: [], ranks: 0, rows: 0 });
  });
});
