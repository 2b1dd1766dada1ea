/** Why an entity is where it is, in a sentence. */
import { type BackupView, batchCodeInWords } from "@nexus/contract";
import {
  BACKUP_TRIES,
  type EntityProgress,
  TOO_MANY_GONE,
  TOO_MANY_LOSSES,
} from "@nexus/shared/ledger";
import type { EntityStatus } from "@nexus/shared/states";
import type { RunFacts } from "../queries/find-run.ts";

type Reason = (
  one: EntityProgress,
  waitingFor: readonly string[],
  backup: BackupView["status"] | "not_wanted",
) => string;

const REASONS: Readonly<Record<EntityStatus, Reason>> = {
  waiting: () => "its source has not been cut into batches yet",
  planning: ({ batches }) => `its source is being cut into batches: ${batches} so far`,
  planned: (_, waitingFor, backup) =>
    waitingFor.length > 0 ? `it waits for ${waitingFor.join(", ")}` : OPENS[backup],
  loading,
  settling: () => "its sums and constraints are being checked",
  complete: () => "every row that was read has its outcome",
  blocked,
  skipped: () => "it was left out of this run; its rows count as excluded",
  cancelled: () => "the run was cancelled",
  rolled_back: () => "what it had written was taken back",
};

const OPENS: Readonly<Record<BackupView["status"] | "not_wanted", string>> = {
  not_wanted: "it opens with the next tick",
  done: "it opens with the next tick",
  waiting: "its tables are to be backed up first, by an extractor with BACKUP=pg_dump",
  running: "its tables are being backed up before anything of it is written",
  failed: "nothing of it is written before its tables are backed up",
  waived: "it opens with the next tick, without a backup",
};

/** `waitingFor`: parents that are not settled. `backup`: its standing, once it was begun. */
export function why(
  run: RunFacts,
  one: EntityProgress,
  waitingFor: readonly string[],
  backup?: BackupView["status"],
): string {
  const standing = run.backup ? (backup ?? "waiting") : "not_wanted";
  const sentence = REASONS[one.status](one, waitingFor, standing);
  const because = stuckBy(one);
  const moves = one.status !== "complete" && one.status !== "skipped";
  return `${run.status === "paused" && moves ? "the run is paused; " : ""}${sentence}${because}`;
}

/** What keeps failing for it while it is planned or settled, or counted, or rid of what is gone. */
function stuckBy({ status, errorCode }: EntityProgress): string {
  if (errorCode === null || status === "blocked") return "";
  return `; the last try failed with ${errorCode} (${batchCodeInWords(errorCode)}), and it is tried again`;
}

function tooManyGone({ entity, gone, gonePolicy }: EntityProgress): string {
  const what = gonePolicy === "delete" ? ", and the run would delete them" : "";
  return (
    `${gone} of its rows are gone from the source${what}: is that right, or does the source not show them (policies, schema, a restore)? ` +
    `If they are gone: nexus limit ${entity} --gone-percent 100; or requeue it when the source is whole, or waive it`
  );
}

function tooManyLosses({ entity, unforeseen, lossReason, lossColumn }: EntityProgress): string {
  const column = lossColumn === null ? "" : ` in ${lossColumn}`;
  return (
    `it stopped: ${unforeseen} rows were lost for reasons that nobody foresaw, most of them ${lossReason ?? "unknown"}${column}; ` +
    `mend that and have those rows read again (nexus requeue ${entity} --scope rejected --reason …), let it lose more (nexus limit ${entity} --loss-percent …), or waive it`
  );
}

function loading(
  { batches, batchesDone, batchesFailed }: EntityProgress,
  waitingFor: readonly string[],
): string {
  if (waitingFor.length > 0) return `it waits for ${waitingFor.join(", ")}, requeued meanwhile`;
  const failed = batchesFailed > 0 ? `, ${batchesFailed} failed for good` : "";
  return `${batchesDone} of ${batches} batches are done${failed}`;
}

function unsaved({ entity, errorCode }: EntityProgress): string {
  const code = errorCode ?? "no code";
  return (
    `nothing of it is written: its backup failed ${BACKUP_TRIES} times, at last with ${code} (${batchCodeInWords(code)}); ` +
    `mend that and requeue it, or have it written without a backup: nexus waive ${entity} --without-backup --reason …`
  );
}

function blocked(
  one: EntityProgress,
  _: readonly string[],
  backup: BackupView["status"] | "not_wanted",
): string {
  const { batchesFailed, waived, errorCode } = one;
  if (errorCode === TOO_MANY_GONE && !waived) return tooManyGone(one);
  if (errorCode === TOO_MANY_LOSSES) return tooManyLosses(one);
  if (waived) return "it is blocked, but an operator waived that: its children go on";
  if (backup === "failed") return unsaved(one);
  return batchesFailed > 0
    ? `batches that failed for good: ${batchesFailed}; requeue them, or waive it`
    : `the check ${errorCode ?? "of its sums"} did not pass: requeue it, or waive it`;
}
