import { describe, expect, it } from "vitest";
import { duration, forecastWords, instant, table } from "./words.ts";

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

  it("forecasts leave out what nobody has written down yet", () => {
    const forecast = {
      items: 1_200,
      calls: 800,
      tokens: 26_000,
      seconds: null,
      boundBy: null,
      costUsd: null,
      uncounted: [],
    };
    const counted = "to embed are at most 1,200 items: 800 calls, 26,000 tokens";
    expect(forecastWords(forecast)).toBe(counted);
    expect(forecastWords({ ...forecast, seconds: 800, costUsd: 0.52 })).toBe(
      `${counted}, 13 min 20 s at the quota, $0.52`,
    );
  });

  it("forecasts tell no figure of what nobody has counted", () => {
    const nothing = { items: 0, calls: 0, tokens: 0, seconds: 0, boundBy: null, costUsd: 0 };
    const uncounted = ["patients", "cases"];
    const unknown =
      "what embedding patients, cases comes to is not known before the run has counted their rows; before a run, nexus forecast tells it";
    expect(forecastWords({ ...nothing, uncounted })).toBe(unknown);
    expect(forecastWords({ ...nothing, items: 3, calls: 2, tokens: 80, uncounted })).toBe(
      `to embed are 3 items and more: 2 calls, 80 tokens, 0 s at the quota, $0.00; ${unknown}`,
    );
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
