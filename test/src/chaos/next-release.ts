/**
 * A next release, as far as rolling it out is concerned: a copy of what was built here whose ledger has one more column, whose jobs
 * are of the next version with one more member, and whose loaders write the one into the other. What stands beside it is the build
 * as it is: the older release is the real one.
 */
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

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

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

/** File, what stands there exactly once, what the next release has instead. */
const CHANGES: readonly (readonly [string, string, string])[] = [
  ["packages/shared/dist/queue/job.js", "JOB_VERSION = 1;", "JOB_VERSION = 2;"],
  // Jobs of version 1 have none.
  [
    "packages/shared/dist/queue/job.js",
    "generation: z.int(),",
    `generation: z.int(), by: z.string().default("older release"),`,
  ],
  [
    "services/extractor/dist/dispatch.js",
    "return { runId: run.id,",
    `return { by: "next release", runId: run.id,`,
  ],
  [
    "services/loader/dist/load.js",
    "batch = await countAttempt(",
    "deps = { ...deps, by: job.by };\n        batch = await countAttempt(",
  ],
  [
    "services/loader/dist/load.js",
    "await emitContent(",
    "await tx.query(`update migration.batches set loaded_by = $2 where id = $1`, [batch.id, attempt.by]);\n        await emitContent(",
  ],
];

export interface NextRelease {
  /** The file of the next release for a file of this one. */
  fileOf(built: string): string;
  remove(): void;
}

/** Makes the copy in a folder of its own. Throws where a change does not fit what was built. */
export function makeNextRelease(): NextRelease {
  const folder = mkdtempSync(join(tmpdir(), "nexus-next-"));
  for (const part of COPIED) copy(part, folder);
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  for (const [file, from, to] of CHANGES) change(join(folder, file), from, to);
  writeFileSync(
    join(folder, "packages/shared/sql/099-next.sql"),
    "alter table migration.batches add column loaded_by text;\n",
  );
  return {
    fileOf: (built) => built.replace(ROOT, `${folder}/`),
    remove: () => rmSync(folder, { recursive: true }),
  };
}

function copy(part: string, folder: string): void {
  mkdirSync(join(folder, part), { recursive: true });
  for (const name of ["dist", "sql", "package.json", "node_modules"].map((one) => join(part, one)))
    if (existsSync(join(ROOT, name)))
      cpSync(join(ROOT, name), join(folder, name), { recursive: true, verbatimSymlinks: true });
}

function change(file: string, from: string, to: string): void {
  const parts = readFileSync(file, "utf8").split(from);
  if (parts.length !== 2)
    throw new Error(`${file}: "${from}" stands there ${parts.length - 1} times, not once`);
  writeFileSync(file, parts.join(to));
}
