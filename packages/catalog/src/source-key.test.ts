import { describe, expect, it } from "vitest";
import { sourceKey } from "./source-key.ts";

describe("sourceKey", () => {
  it.each([
    [7, 7],
    ["7", 7],
    ["7.00", 7],
    ["-7.", -7],
    [1e17, "100000000000000000"],
    ["9007199254740993", "9007199254740993"],
    ["9007199254740993.00", "9007199254740993"],
    ["9223372036854775807", "9223372036854775807"],
  ])("reads %j as %j", (id, key) => {
    expect(sourceKey(id)).toBe(key);
  });

  it.each([
    null,
    undefined,
    "",
    "7.5",
    7.5,
    "a",
    "NaN",
    NaN,
    Infinity,
    1e19,
    "9223372036854775808",
  ])("takes %j for none", (id) => {
    expect(sourceKey(id)).toBeNull();
  });
});
