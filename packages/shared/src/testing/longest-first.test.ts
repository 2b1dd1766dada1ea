/** The list of long files names files that are there, each once: a file that was renamed would begin last. */
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { LONGEST } from "./longest-first.ts";

const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));

// An archive without a repository cannot say which files are its own.
it.skipIf(!existsSync(`${ROOT}.git`))("each long file is there", () => {
  const files = execFileSync("git", ["ls-files", "*.test.ts"], {
    cwd: ROOT,
    encoding: "utf8",
  }).split("\n");
  const found = LONGEST.map((end) => files.filter((file) => file.endsWith(end)).length);
  expect(LONGEST.filter((_, at) => found[at] !== 1)).toEqual([]);
  expect(new Set(LONGEST).size).toBe(LONGEST.length);
});
