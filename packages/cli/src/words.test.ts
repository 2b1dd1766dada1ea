import { describe, expect, it } from "vitest";
import { duration, instant, table } from "./words.ts";

describe("words", () => {
  it.each([
    [0.4, "0 s"],
    [45, "45 s"],
    [60, "1 min"],
    [725, "12 min 5 s"],
    [12_000, "3 h 20 min"],
    [7_200, "2 h"],
    [190_000, "2 d 4 h"],
  ])("%d seconds are %s", (seconds, said) => {
    expect(duration(seconds)).toBe(said);
  });

  it("instants are in UTC, to the second", () => {
    expect(instant("2026-11-22T20:05:09.123+02:00")).toBe("2026-11-22 18:05:09 UTC");
  });

  it("tables align numbers to the right, and end no line with blanks", () => {
    expect(
      table(
        ["rows", "entity"],
        [
          [12_345, "cases"],
          [7, null],
        ],
      ),
    ).toEqual(["  rows  entity", "12,345  cases", "     7  -"]);
  });
});
