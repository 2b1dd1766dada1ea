import { describe, expect, it } from "vitest";
import { lengthOfStep } from "./known.ts";

/** Ranges of 100 keys that begin at these keys, each with so many rows. */
function ranges(...all: readonly (readonly [after: number, rows: number])[]) {
  return all.map(([after, rows], id) => ({ id, after, to: after + 100, rows, sum: "0" }));
}

describe("what is compared in one step", () => {
  it.for([
    { what: "all that follows without a gap", all: ranges([0, 9], [100, 9]), taken: 2 },
    { what: "what is before a gap", all: ranges([0, 9], [100, 9], [300, 9]), taken: 2 },
    {
      what: "no more rows than 20,000",
      all: ranges([0, 9_000], [100, 9_000], [200, 9_000]),
      taken: 2,
    },
    { what: "one range, if it alone holds more", all: ranges([0, 50_000], [100, 1]), taken: 1 },
    { what: "nothing", all: [], taken: 0 },
  ])("is $what", ({ all, taken }) => {
    expect(lengthOfStep(all)).toBe(taken);
  });
});
