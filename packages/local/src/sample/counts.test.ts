import { describe, expect, it } from "vitest";
import { counts } from "./counts.ts";
import { describeSample } from "./describe.ts";

describe("counts", () => {
  it("are the report's 90,039 source rows at scale 1", () => {
    expect(counts(1).sourceRows).toBe(90_039);
  });

  it("are at least 3 however small the scale", () => {
    expect(Object.values(counts(0.000_01)).filter((rows) => rows < 3)).toEqual([]);
  });

  it("are told to people as a table", () => {
    expect(describeSample(1)).toMatch(/dispatch_project\s+66,904/);
  });
});
