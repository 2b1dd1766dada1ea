import { describe, expect, it } from "vitest";
import { changedIn, planOf } from "./changed-rows.ts";

const range = (after: number, to: number) => ({ id: after, after, to, rows: 3, sum: "0" });

function changed(
  after: number,
  before: Readonly<Record<string, string>>,
  now: Readonly<Record<string, string>>,
) {
  const rows = (of: Readonly<Record<string, string>>) =>
    new Map(
      Object.entries(of).map(([key, hash]) => [
        Number.isSafeInteger(Number(key)) ? Number(key) : key,
        hash,
      ]),
    );
  return changedIn(range(after, after + 10), rows(before), rows(now));
}

describe("what has changed in a range", () => {
  it("is a row that is new, one that is other than it was, and one that is gone", () => {
    const found = changed(0, { 1: "a", 2: "b", 3: "c" }, { 1: "a", 2: "x", 4: "d" });
    expect(found).toMatchObject({ keys: [2, 4], gone: [3], unchanged: 1 });
  });

  it("is read key by key, in lists of a batch's size, gone ones among them, which are not expected", () => {
    const many = changed(
      0,
      { 1: "a", 2: "b", 3: "c", 4: "d", 5: "e", 6: "f" },
      { 1: "a", 2: "b", 3: "x", 4: "d", 5: "e" },
    );
    const one = changed(10, { 11: "a", 12: "b" }, { 11: "x", 12: "b" });
    expect(planOf([one, many], 2)).toEqual({
      ranges: [],
      keys: [
        { keys: [3, 6], expected: 1 },
        { keys: [11], expected: 1 },
      ],
    });
  });

  it("is read as a range where more than half of it changed, or a key does not fit into a list", () => {
    const half = changed(0, { 1: "a", 2: "b", 3: "c" }, { 1: "x", 2: "x", 3: "c" });
    const large = changed(10, { 3000000000: "a" }, { 3000000000: "a", 11: "b" });
    const larger = changed(
      20,
      { 21: "a", 22: "b", "9007199254740993": "c" },
      { 21: "a", 22: "b", "9007199254740993": "d" },
    );
    expect(planOf([half, large, larger], 10)).toEqual({
      keys: [{ keys: [11], expected: 1 }],
      ranges: [
        { after: 0, to: 10, expected: 3 },
        { after: 20, to: 30, expected: 3 },
      ],
    });
  });
});
