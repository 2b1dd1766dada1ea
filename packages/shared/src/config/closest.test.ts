import { describe, expect, it } from "vitest";
import { closest } from "./closest.ts";

const known = ["TARGET_URL", "LEGACY_URL", "TARGET_POOL", "PORT"];

describe("the closest known word", () => {
  it.each([
    ["TARGET_ULR", "TARGET_URL"],
    ["TARGETURL", "TARGET_URL"],
    ["LEGACY_UR", "LEGACY_URL"],
    ["TARGET_POOLS", "TARGET_POOL"],
  ])("to %s is %s", (word, meant) => {
    expect(closest(word, known)).toBe(meant);
  });

  it.each(["PATH", "POST", "TARGET", "HOSTNAME", ""])("to %j is none", (word) => {
    expect(closest(word, known)).toBeUndefined();
  });
});
