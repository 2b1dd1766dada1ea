/**
 * A next release, as far as rolling it out is concerned: a copy of what was built here whose ledger has one more column, whose jobs
 * are of the next version with one more member, and whose loaders write the one into the other. What stands beside it is the build
 * as it is: the older release is the real one.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type BuildCopy, copyBuild } from "../build-copy.ts";

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
    "record(tx, { startedAt, sourceMs }",
    "record(tx, { startedAt, sourceMs, by }",
  ],
  [
    "services/loader/dist/load.js",
    "emitContent(tx",
    "tx.query(`update migration.batches set loaded_by = $2 where id = $1`, [batch.id, by]),\n        emitContent(tx",
  ],
];

/** Makes the copy in a folder of its own. Throws where a change does not fit what was built. */
export function makeNextRelease(): BuildCopy {
  const copy = copyBuild();
  for (const [file, from, to] of CHANGES) copy.change(file, from, to);
  writeFileSync(
    join(copy.folder, "packages/shared/sql/099-next.sql"),
    "alter table migration.batches add column loaded_by text;\n",
  );
  return copy;
}
