import { MAX_CHARACTERS } from "./text-limits.ts";
import { describe, expect, it } from "vitest";
import { chunk } from "./chunk.ts";

const sentence = "The crown of the first molar is to be replaced. ";

describe("a text", () => {
  it("within the model's limits is one chunk", () => {
    expect(chunk(sentence.repeat(100))).toEqual([sentence.repeat(100).trim()]);
  });

  it("of nothing is no chunk", () => {
    expect(chunk(" \n ")).toEqual([]);
  });

  it.each([
    ["paragraphs", `${sentence.repeat(200)}\n\n`.repeat(8), /\.$/],
    ["sentences", sentence.repeat(2_000), /\.$/],
    ["sentences without spaces", "上顎の第一大臼歯の冠を交換する。".repeat(2_000), /。$/],
    ["words", "word ".repeat(30_000), /word$/],
    ["nothing but letters", "x".repeat(3 * MAX_CHARACTERS), /x$/],
  ])("of %s that is too long is cut between them, and nothing is lost", (_, text, end) => {
    const chunks = chunk(text);
    expect(chunks.length).toBeGreaterThan(1);
    for (const piece of chunks) {
      expect(piece.length).toBeLessThanOrEqual(MAX_CHARACTERS);
      expect(piece).toMatch(end);
    }
    expect(chunks.join("").replace(/\s/g, "")).toBe(text.replace(/\s/g, ""));
  });

  it("is never cut within a character", () => {
    for (const piece of chunk("🦷".repeat(40_000))) expect(piece).toMatch(/^(?:🦷)+$/u);
  });
});
