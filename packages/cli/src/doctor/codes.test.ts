/** Whoever reads a finding finds it explained: docs/trouble.md has a row for each code, which names the test that shows it. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { CODES } from "./codes.ts";
import { note } from "./finding.ts";

const repository = new URL("../../../../", import.meta.url);

const rows = [
  ...readFileSync(new URL("docs/trouble.md", repository), "utf8").matchAll(
    /^\| <a id="(\w+)"><\/a>`(\w+)` \| .+ \| .+ \| `(\S+)` \|$/gm,
  ),
].map(([, anchor, code, shownBy = ""]) => ({ anchor, code, shownBy }));

describe("docs/trouble.md", () => {
  it("has one row for each code of the doctor, in the doctor's order", () => {
    expect(rows.map(({ code }) => code)).toEqual(CODES);
    expect(rows.map(({ anchor }) => anchor)).toEqual(CODES);
  });

  it("is where a finding leads to", () => {
    expect(CODES.map((code) => note("run", code, "").more)).toEqual(
      rows.map(({ anchor }) => `docs/trouble.md#${anchor}`),
    );
  });

  it.each(rows)("names a test that shows $code", ({ code = "", shownBy }) => {
    expect(shownBy).toMatch(/\.ts$/);
    const text = readFileSync(new URL(shownBy, repository), "utf8");
    expect(text).toMatch(new RegExp(`\\b${code}\\b`));
  });
});
