import { describe, expect, it } from "vitest";
import { linkTo, placeOf } from "./router.ts";

describe("a link", () => {
  it.each([
    [["rows", "case_states", 12], {}, "#/rows/case_states/12"],
    [
      ["exceptions"],
      { entity: "cases", reason: undefined, outcome: "" },
      "#/exceptions?entity=cases",
    ],
    [["a/b ?"], { x: "1&2" }, "#/a%2Fb%20%3F?x=1%262"],
  ])("to %j with %j is %s, and leads back", (path, query, link) => {
    expect(linkTo(path, query)).toBe(link);
    const there = Object.fromEntries(Object.entries(query).filter(([, value]) => value));
    expect(placeOf(link)).toEqual({ path: path.map(String), query: there });
  });

  it("to nowhere is the overview", () => {
    for (const hash of ["", "#", "#/"]) expect(placeOf(hash)).toEqual({ path: [], query: {} });
  });
});
