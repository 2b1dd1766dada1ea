import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { lexicalVector } from "./lexical-vector.ts";

const likeness = (one: string, other: string) => {
  const vector = lexicalVector(other);
  return lexicalVector(one).reduce((sum, value, at) => sum + value * (vector[at] ?? 0), 0);
};

describe("a lexical vector", () => {
  it("is the same on every machine and in every version: stored vectors stay comparable", () => {
    const vector = lexicalVector("Zirconia crown, upper left; Größe 3 — crown again");
    const rounded = Array.from(vector, (value) => Math.round(value * 1e4));
    expect(createHash("sha256").update(rounded.join()).digest("hex").slice(0, 16)).toBe(
      "962e751c0c48ccf7",
    );
  });

  it("is near to a text that shares words, whatever their case, and less near to one that shares parts of words", () => {
    expect(likeness("Crown on molar", "crown ON molar")).toBeCloseTo(1, 5);
    expect(likeness("crown on molar", "crown on bridge")).toBeGreaterThan(0.4);
    expect(likeness("crown", "crowns")).toBeGreaterThan(0.1);
    expect(likeness("crown on molar", "aligner attachment")).toBeLessThan(0.1);
  });

  it("knows no meaning", () => {
    expect(likeness("tooth", "molar")).toBeLessThan(0.1);
  });

  it("exists for a text without words", () => {
    expect(likeness("?!", " ?! ")).toBeCloseTo(1, 5);
    expect(likeness("?!", "…")).toBe(0);
  });

  it("finds the text among many that shares most of its words", () => {
    const shades = ["A1", "A2", "A3", "B1", "B2"];
    const texts = Array.from(
      { length: 200 },
      (_, n) => `case of tooth ${n}, shade ${shades[n % shades.length]}`,
    );
    const near = texts.map((text) => ({ text, likeness: likeness("tooth 137 shade A3", text) }));
    expect(near.toSorted((a, b) => b.likeness - a.likeness)[0]?.text).toBe(
      "case of tooth 137, shade A3",
    );
  });
});
