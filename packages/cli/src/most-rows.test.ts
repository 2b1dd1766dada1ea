/** Each note of the mapping is known for what it is: a loss of a value is warned of, and nothing else. */
import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

const catalog = new URL("../../catalog/src/", import.meta.url);

const read = (name: string): string => readFileSync(new URL(name, catalog), "utf8");

it("every note that the mapping makes has a kind in packages/catalog/src/note-kinds.ts", () => {
  const codes = readdirSync(catalog, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
    .flatMap((name) => [...read(name).matchAll(/\b(?:note\(|problem: )"(\w+)"/g)])
    .map(([, code = ""]) => code);
  expect(codes.length).toBeGreaterThan(8);
  const table = read("note-kinds.ts");
  expect(codes.filter((code) => !table.includes(` ${code}: "`))).toEqual([]);
});
