/** What the suite has done, a line for each point and each schedule, in the order in which they ended: the table is made of it. */
import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";

const line = z.union([
  z.object({
    point: z.string(),
    kills: z.int(),
    rounds: z.int(),
    seed: z.int(),
    hash: z.string(),
    seconds: z.number(),
  }),
  z.object({ schedule: z.int(), kills: z.int(), hash: z.string(), seconds: z.number() }),
]);

export type Done = z.infer<typeof line>;

/** Not committed: docs/chaos.md is. */
const FILE = fileURLToPath(new URL("../../../../test-results/failpoints.jsonl", import.meta.url));

/** Adds a line at once: a suite that is cut short has told what it did. */
export function record(done: Done): void {
  mkdirSync(dirname(FILE), { recursive: true });
  appendFileSync(FILE, `${JSON.stringify(done)}\n`);
}

/** All lines. */
export function recorded(): Done[] {
  if (!existsSync(FILE)) return [];
  const lines = readFileSync(FILE, "utf8").split("\n").filter(Boolean);
  return lines.map((one) => line.parse(JSON.parse(one)));
}
