import { describe, expect, it } from "vitest";
import { tallyOf } from "./tally.ts";

describe("the tally of a round", () => {
  it("counts rows that are missing, rows that are there twice, and a changed one as both", () => {
    const wanted = { practices: ["a", "b", "c"], cases: ["x"] };
    expect(tallyOf(wanted, wanted)).toEqual({ compared: 4, lost: 0, twice: 0 });
    const found = { practices: ["a", "a", "b"], cases: ["y"] };
    expect(tallyOf(wanted, found)).toEqual({ compared: 4, lost: 2, twice: 2 });
    expect(tallyOf(wanted, {})).toEqual({ compared: 4, lost: 4, twice: 0 });
  });
});
