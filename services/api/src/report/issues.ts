import { type GoneCounts, goneInWords } from "@nexus/contract";
/** What a reader must know of an entity, a few words each. */
import type { Account } from "../queries/account-of-run.ts";
import { counted, inWords, plain } from "./wording.ts";
import type { ProgressRow } from "./standing.ts";

/** The issues of a row of the progress table. `failedChecks`: their names. */
export function issuesOf(
  row: Omit<ProgressRow, "issues">,
  failedChecks: readonly string[],
  { unforeseen, ...gone }: Pick<Account, "unforeseen"> & GoneCounts = { unforeseen: 0 },
): string[] {
  const { rejected, parked, excluded, unaccounted, failedBatches, drift } = row;
  return [
    ...(unaccounted === 0
      ? []
      : [`the sum is open: ${inWords(unaccounted)} rows without an outcome`]),
    ...failedChecks.map((name) => `check failed: ${plain(name)}`),
    ...(failedBatches > 0 ? [`batches failed: ${inWords(failedBatches)}`] : []),
    ...rejectedIssues(rejected, unforeseen),
    ...(parked > 0 ? [`${inWords(parked)} parked`] : []),
    ...(excluded > 0 ? [`${inWords(excluded)} left out`] : []),
    ...(drift === 0
      ? []
      : [`the source ${drift > 0 ? "gained" : "lost"} ${counted(Math.abs(drift), "row")}`]),
    ...goneIssues(gone),
    ...(row.waived ? ["waived by an operator"] : []),
  ];
}

function rejectedIssues(rejected: number, unforeseen: number): string[] {
  if (rejected === 0) return [];
  const why =
    unforeseen > 0 ? `, ${inWords(unforeseen)} of them for reasons that nobody foresaw` : "";
  return [`${inWords(rejected)} rejected${why}`];
}

function goneIssues(counts: GoneCounts): string[] {
  const { gone = 0 } = counts;
  const done = goneInWords(counts);
  if (gone === 0) return [];
  return [`${counted(gone, "row")} of the target gone from the source${done && `: ${done}`}`];
}
