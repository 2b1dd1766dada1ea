import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readCodes } from "./codes-file.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "codes-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("the codes file", () => {
  it("is not needed", () => {
    expect(readCodes(undefined)).toBe("{}");
  });

  it("is kept as it was written", () => {
    const text = `{ "project_type": { "codes": { "12": "xray" } } }`;
    expect(readCodes(write(text))).toBe(text);
  });

  it("is refused at start if it cannot be read, is no JSON, or names a label that the target does not have", () => {
    expect(() => readCodes(join(folder, "none.json"))).toThrow(/CODES_FILE: .* cannot be read/);
    expect(() => readCodes(write("{"))).toThrow("it is not JSON");
    expect(() => readCodes(write(`{"project_type":{"default":"film"}}`))).toThrow("project_type");
  });
});

function write(text: string): string {
  const path = join(folder, "codes.json");
  writeFileSync(path, text);
  return path;
}
