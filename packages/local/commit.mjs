/**
 * `node packages/local/commit.mjs FOLDER`: prints the commit from which FOLDER is built, for evidence. NEXUS_COMMIT says it where there is no clone,
 * as in the build of an image. `-dirty` at its end: files were changed since. `unknown`: nobody can tell.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const COMMIT = /^[0-9a-f]{40,64}(-dirty)?$/;

export function commitOf(folder) {
  const told = process.env["NEXUS_COMMIT"] ?? "";
  if (told !== "") return COMMIT.test(told) ? told : "unknown";
  // What is unpacked within somebody else's clone is not of their commit.
  if (!existsSync(join(folder, ".git"))) return "unknown";
  const asked = ["describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"];
  const { stdout } = spawnSync("git", asked, { cwd: folder, encoding: "utf8" });
  const found = (stdout ?? "").trim();
  return COMMIT.test(found) ? found : "unknown";
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  process.stdout.write(`${commitOf(process.argv[2] ?? ".")}\n`);
