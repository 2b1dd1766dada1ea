/** Whether a run is a delta that waits for the source to answer faster. */

/** SQL; `run` is an expression of SQL for the run's id. */
export function heldRun(run: string): string {
  return `exists (select from migration.syncs s where s.run_id = ${run} and s.paused_since is not null and s.stopped_at is null)`;
}
