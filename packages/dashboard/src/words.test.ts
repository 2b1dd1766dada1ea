import { describe, expect, it } from "vitest";
import { counted, dollars, duration, interval, percent } from "./words.ts";

describe("words", () => {
  it.each([
    [0, "0 s"],
    [59.4, "59 s"],
    [59.6, "1 min"],
    [3_599, "1 h"],
    [12_000, "3 h 20 min"],
    [187_200, "2 d 4 h"],
  ])("%d seconds last %s", (seconds, says) => {
    expect(duration(seconds)).toBe(says);
  });

  it.each([
    [540, 1_200, "9 to 20 min"],
    [50, 180, "50 s to 3 min"],
    [600, 12_000, "10 min to 3 h 20 min"],
    [600, 610, "about 10 min"],
  ])("between %d and %d seconds is %s", (earliest, latest, says) => {
    expect(interval(earliest, latest)).toBe(says);
  });

  it("says 100 % only when it is", () => {
    expect([0, 0.04, 63.44, 99.97, 100].map(percent)).toEqual([
      "0 %",
      "0.0 %",
      "63.4 %",
      "99.9 %",
      "100 %",
    ]);
  });

  it("counts, and says cents only where they are something", () => {
    expect([counted(1, "row"), counted(12_345, "row")]).toEqual(["1 row", "12,345 rows"]);
    expect([dollars(0), dollars(0.00213), dollars(1.274), dollars(1_234.5)]).toEqual([
      "$0.00",
      "$0.0021",
      "$1.27",
      "$1,234.50",
    ]);
  });
});
