import { MAX_CHARACTERS, MAX_TOKENS } from "./text-limits.ts";
import { describe, expect, it } from "vitest";
import { chunk, cutInTwo } from "./chunk.ts";

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

describe("a text that is no language", () => {
  it.each([
    ["base64", "iVBORw0KGgoAAAANSUhEUgAA".repeat(2_000)],
    ["digits", "0123456789".repeat(5_000)],
    ["digits between spaces", "11 12 13 ".repeat(5_000)],
    ["capitals", "CROWN ".repeat(8_000)],
    ["signs", "-=-=-= ".repeat(8_000)],
  ])("of %s fits, even with a token for each character that is no space", (_, text) => {
    for (const piece of chunk(text))
      expect(piece.replace(/\s/g, "").length).toBeLessThanOrEqual(MAX_TOKENS);
  });

  it.each([
    ["letters", "x".repeat(1_000_000)],
    ["empty lines", `a${"\n".repeat(1_000_000)}b`],
    ["words", "word ".repeat(200_000)],
  ])("of a million %s is cut in no more than its length of time", (_, text) => {
    const before = process.cpuUsage();
    chunk(text);
    const { user } = process.cpuUsage(before); // Not by the clock: others may be at work on this machine.
    expect(user / 1_000).toBeLessThan(5_000);
  });
});

describe("a text that the model refuses", () => {
  it("is cut in two near its middle, at the best place, and nothing is lost", () => {
    expect(cutInTwo(`${sentence.repeat(5)}\n\n${sentence.repeat(6)}`)).toEqual([
      sentence.repeat(5).trim(),
      sentence.repeat(6).trim(),
    ]);
    expect(cutInTwo("x".repeat(200))).toEqual(["x".repeat(100), "x".repeat(100)]);
    expect(cutInTwo(`${"x".repeat(300)} y`).join("")).toHaveLength(302);
  });

  it("is not cut for ever", () => {
    const parts = (text: string): number =>
      cutInTwo(text).reduce((sum, part) => sum + parts(part), 1);
    expect(parts("7".repeat(10_000))).toBeLessThan(1_000);
    expect(cutInTwo("short")).toEqual([]);
  });
});
