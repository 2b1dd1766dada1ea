import type { Deps } from "./deps.ts";

/** What a person who starts a run must be told. It is logged as well. */
export function backupWarning({ log, backupCommand }: Deps, runId: number): string {
  log.warn({ runId, backupCommand }, "a backup of the target is the operator's duty");
  return `a backup of the target is your duty, and best made before the run writes: ${backupCommand}`;
}
