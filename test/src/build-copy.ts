/** A copy of what was built here, to be changed and run beside it, or instead of it. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** What services and command line are made of. The links between them lead from one copy to the other. */
const COPIED = [
  "packages/catalog",
  "packages/shared",
  "packages/contract",
  "packages/dashboard",
  "packages/cli",
  "services/extractor",
  "services/loader",
  "services/embedder",
  "services/api",
];

export interface BuildCopy {
  readonly folder: string;
  /** The file of the copy for a file of this build. */
  fileOf(built: string): string;
  /** Replaces what stands in a file exactly once. Throws where it does not. */
  change(file: string, from: string, to: string): void;
  remove(): void;
}

/** Copies the build to a folder of its own. */
export function copyBuild(): BuildCopy {
  const folder = mkdtempSync(join(tmpdir(), "nexus-copy-"));
  for (const part of COPIED) copy(part, folder);
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  return {
    folder,
    fileOf: (built) => built.replace(ROOT, `${folder}/`),
    change: (file, from, to) => change(join(folder, file), from, to),
    remove: () => rmSync(folder, { recursive: true }),
  };
}

function copy(part: string, folder: string): void {
  mkdirSync(join(folder, part), { recursive: true });
  for (const name of ["dist", "sql", "twins", "package.json", "node_modules"].map((one) =>
    join(part, one),
  ))
    if (existsSync(join(ROOT, name)))
      cpSync(join(ROOT, name), join(folder, name), { recursive: true, verbatimSymlinks: true });
}

function change(file: string, from: string, to: string): void {
  const parts = readFileSync(file, "utf8").split(from);
  if (parts.length !== 2)
    throw new Error(`${file}: "${from}" stands there ${parts.length - 1} times, not once`);
  writeFileSync(file, parts.join(to));
}
