/** What a run's progress means to somebody who waits for it. */
import type { RunView } from "@nexus/contract";

export type Progress = RunView;

/** Whether nothing will change any more without a person: completed, ended, paused, or blocked with nothing else under way. */
export function isOver({ run, entities }: Progress): boolean {
  if (run === null || run.status === "planned") return false;
  if (run.status !== "running") return true;
  const blocked = entities.some(({ status }) => status === "blocked");
  return (
    blocked && !entities.some(({ status }) => ["waiting", "planning", "loading", "settling"].includes(status))
  );
}

/** Whether every row of the source has an outcome, and every entity is settled. */
export function isClosed({ run, entities, totals }: Progress): boolean {
  return run?.status === "completed" && totals.sumClosed && entities.every(({ sumClosed }) => sumClosed);
}

/** Whether a person must do something: the run failed, or an entity is blocked and nobody waived that. */
export function needsPerson({ run, entities }: Progress): boolean {
  return run?.status === "failed" || entities.some(({ status, waived }) => status === "blocked" && !waived);
}
