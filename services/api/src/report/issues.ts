/** What a reader must know of an entity, a few words each. */
import { counted, inWords, plain } from "./wording.ts";
import type { ProgressRow } from "./standing.ts";

/** The issues of a row of the progress table. `failedChecks`: their names. */
export function issuesOf(row: Omit<ProgressRow, "issues">, failedChecks: readonly string[]): string[] {
  const { rejected, parked, excluded, unaccounted, failedBatches, drift } = row;
  return [
    ...(unaccounted === 0 ? [] : [`the sum is open: ${inWords(unaccounted)} rows without an outcome`]),
    ...failedChecks.map((name) => `check failed: ${plain(name)}`),
    ...(failedBatches > 0 ? [`batches failed: ${inWords(failedBatches)}`] : []),
    ...(rejected > 0 ? [`${inWords(rejected)} rejected`] : []),
    ...(parked > 0 ? [`${inWords(parked)} parked`] : []),
    ...(excluded > 0 ? [`${inWords(excluded)} left out`] : []),
    ...(drift === 0
      ? []
      : [`the source ${drift > 0 ? "gained" : "lost"} ${counted(Math.abs(drift), "row")}`]),
    ...(row.waived ? ["waived by an operator"] : []),
  ];
}
