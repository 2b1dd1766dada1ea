/** Why an entity is where it is, in a sentence. */
import type { EntityProgress, EntityStatus } from "@nexus/shared/ledger";
import type { RunFacts } from "./queries/find-run.ts";

type Reason = (one: EntityProgress, waitingFor: readonly string[]) => string;

const REASONS: Readonly<Record<EntityStatus, Reason>> = {
  waiting: () => "its source has not been cut into batches yet",
  planning: ({ batches }) => `its source is being cut into batches: ${batches} so far`,
  planned: (_, waitingFor) =>
    waitingFor.length > 0 ? `it waits for ${waitingFor.join(", ")}` : "it opens with the next tick",
  loading,
  settling: () => "its sums and constraints are being checked",
  complete: () => "every row that was read has its outcome",
  blocked,
  skipped: () => "it was left out of this run; its rows count as excluded",
  cancelled: () => "the run was cancelled",
};

/** `waitingFor`: parents that are not settled. */
export function why(run: RunFacts, one: EntityProgress, waitingFor: readonly string[]): string {
  const sentence = REASONS[one.status](one, waitingFor);
  const moves = one.status !== "complete" && one.status !== "skipped";
  return run.status === "paused" && moves ? `the run is paused; ${sentence}` : sentence;
}

function loading(
  { batches, batchesDone, batchesFailed }: EntityProgress,
  waitingFor: readonly string[],
): string {
  if (waitingFor.length > 0) return `it waits for ${waitingFor.join(", ")}, requeued meanwhile`;
  const failed = batchesFailed > 0 ? `, ${batchesFailed} failed for good` : "";
  return `${batchesDone} of ${batches} batches are done${failed}`;
}

function blocked({ batchesFailed, waived, errorCode }: EntityProgress): string {
  if (waived) return "it is blocked, but an operator waived that: its children go on";
  return batchesFailed > 0
    ? `batches that failed for good: ${batchesFailed}; requeue them, or waive it`
    : `the check ${errorCode ?? "of its sums"} did not pass: requeue it, or waive it`;
}
