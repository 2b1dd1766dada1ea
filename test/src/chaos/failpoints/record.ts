/** What the suite has done, a line for each point and each schedule, in the order in which they ended: the table is made of it. */
import { appendFileSync, existsSync, readFileSync, rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { z } from "zod";

const played = {
  kills: z.int(),
  hash: z.string(),
  seconds: z.number(),
  /** Rows of the target that were compared with those of the run in which nobody died. */
  compared: z.int(),
  /** Of that run's rows those that were not there as they were. */
  lost: z.int(),
  /** Rows beyond those of that run. */
  twice: z.int(),
};

const line = z.union([
  z.object({ point: z.string(), rounds: z.int(), seed: z.int(), ...played }),
  z.object({ schedule: z.int(), ...played }),
]);

export type Done = z.infer<typeof line>;

/** Not committed: docs/chaos.md is. Not in `test-results`, which each run of the tests empties. */
const FILE = fileURLToPath(new URL("../../../failpoints.log", import.meta.url));

/** Adds a line at once: a suite that is cut short has told what it did. */
export function record(done: Done): void {
  appendFileSync(FILE, `${JSON.stringify(done)}\n`);
}

/** All lines. */
export function recorded(): Done[] {
  if (!existsSync(FILE)) return [];
  const lines = readFileSync(FILE, "utf8").split("\n").filter(Boolean);
  return lines.map((one) => line.parse(JSON.parse(one)));
}

/** Forgets them: they are in the table. */
export function forgetRecorded(): void {
  rmSync(FILE, { force: true });
}
