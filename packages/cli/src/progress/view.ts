/** What a run's progress means to somebody who waits for it. */
import type { EntityView, RunView } from "@nexus/contract";
import { isBlocked } from "@nexus/shared/states";

export type Progress = RunView;

/** Whether nothing will change any more without a person: completed and verified, ended, paused, or blocked with nothing else under way. */
export function isOver({ run, entities, verification }: Progress): boolean {
  if (run === null || run.status === "planned") return false;
  if (run.status === "completed") return !isAwaited(verification);
  if (run.status !== "running") return true;
  return entities.some(isBlocked) && !entities.some(moves);
}

/** Whether every row of the source has an outcome, and every entity is settled. */
export function isClosed({ run, entities, totals }: Progress): boolean {
  return (
    run?.status === "completed" && totals.sumClosed && entities.every(({ sumClosed }) => sumClosed)
  );
}

/** Whether a person must do something: the run failed, an entity is blocked and nobody waived that, or the run is not what its verification expects. */
export function needsPerson({ run, entities, verification }: Progress): boolean {
  return run?.status === "failed" || entities.some(isBlocked) || isRefuted(verification);
}

/** Whether the verification after the run found a difference, or failed. Without one nothing is refuted. */
export function isRefuted(verification: Progress["verification"]): boolean {
  if (verification === undefined || verification === null) return false;
  return verification.differences > 0 || verification.status === "failed";
}

function isAwaited(verification: Progress["verification"]): boolean {
  return verification?.status === "waiting" || verification?.status === "open";
}

/** What is planned and waits for nobody opens with the next tick. */
function moves({ status, waitingFor }: EntityView): boolean {
  return MOVING.includes(status) || (status === "planned" && waitingFor.length === 0);
}

const MOVING: readonly string[] = ["waiting", "planning", "loading", "settling"];
