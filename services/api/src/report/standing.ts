/** Where an entity and a run stand, strictly: what is not proven is not called complete, and no share is rounded up. Pure. */
import { isBlocked } from "@nexus/shared/states";
import type { Report } from "@nexus/contract";
import type { Account } from "../queries/account-of-run.ts";
import type { RunFacts } from "../queries/find-run.ts";

export type ProgressRow = Report["progress"]["rows"][number];
export type Totals = Report["totals"];

/** The share of `part` in `whole`, in percent, rounded down to a tenth. 100 is for who has proved it: never more than 99.9 here. */
export function shareBelow100(part: number, whole: number): number {
  return whole <= 0 ? 0 : Math.max(0, Math.min(99.9, Math.floor((1_000 * part) / whole) / 10));
}

/** An account as the report shows it; `issues` are still to be told. */
export function progressRow(run: RunFacts, account: Account): Omit<ProgressRow, "issues"> {
  const { entity, expected, drift, loaded, rejected, parked, excluded, unread } = account;
  const remaining = expected + drift - loaded;
  const unaccounted = remaining - rejected - parked - excluded - unread;
  const status = standingOf(run, account, { remaining, unaccounted });
  return {
    entity,
    status,
    waived: account.waived,
    expected,
    drift,
    current: loaded,
    remaining,
    progress: progressOf(status, loaded, expected + drift),
    rejected,
    parked,
    excluded,
    unread,
    unaccounted,
    repaired: account.noted,
    batches: account.batches,
    failedBatches: account.failedBatches,
  };
}

function progressOf(status: ProgressRow["status"], current: number, rows: number): number | null {
  if (status === "counting") return null;
  return status === "complete" ? 100 : shareBelow100(current, rows);
}

type Left = Pick<ProgressRow, "remaining" | "unaccounted">;
type Standing = (account: Account, left: Left) => ProgressRow["status"];

const STANDINGS: Readonly<Record<Account["status"], Standing>> = {
  waiting: () => "counting",
  planning: () => "counting",
  planned: () => "waiting",
  loading: () => "loading",
  settling: () => "checking",
  complete: (account, left) => {
    if (!isProven(account, left)) return "unproven";
    return left.remaining === 0 ? "complete" : "complete_with_exceptions";
  },
  blocked: () => "blocked",
  skipped: () => "left_out",
  cancelled: () => "stopped",
  rolled_back: () => "stopped",
};

/** In a run that has ended, nothing is ahead any more. */
function standingOf(run: RunFacts, account: Account, left: Left): ProgressRow["status"] {
  const standing = STANDINGS[account.status](account, left);
  return run.finishedAt !== null && AHEAD.includes(standing) ? "stopped" : standing;
}

const AHEAD: readonly ProgressRow["status"][] = ["counting", "waiting"];

/** Each row has one outcome, all of them are on record, and every check passed. */
function isProven(account: Account, { unaccounted }: Left): boolean {
  const { unread, rejected, parked, exceptions, failedChecks, failedBatches } = account;
  return (
    unaccounted === 0 &&
    unread === 0 &&
    failedBatches === 0 &&
    failedChecks === 0 &&
    exceptions === rejected + parked
  );
}

const PROVEN: readonly ProgressRow["status"][] = [
  "complete",
  "complete_with_exceptions",
  "left_out",
];

/** What can be said of the run as a whole. */
export function verdictOf(
  run: RunFacts | undefined,
  rows: readonly ProgressRow[],
): Report["verdict"] {
  return run === undefined ? "not_started" : VERDICTS[run.status](rows);
}

const VERDICTS: Readonly<
  Record<RunFacts["status"], (rows: readonly ProgressRow[]) => Report["verdict"]>
> = {
  planned: () => "in_progress",
  running: (rows) => (rows.some(isBlocked) ? "blocked" : "in_progress"),
  paused: () => "paused",
  failed: () => "failed",
  cancelled: () => "cancelled",
  rolled_back: () => "rolled_back",
  completed: (rows) => {
    if (!rows.every(({ status }) => PROVEN.includes(status))) return "unproven";
    return rows.every(({ remaining }) => remaining === 0) ? "complete" : "complete_with_exceptions";
  },
};

/** The sums of all rows. */
export function totalsOf(verdict: Report["verdict"], rows: readonly ProgressRow[]): Totals {
  const sum = (count: (row: ProgressRow) => number): number =>
    rows.reduce((total, row) => total + count(row), 0);
  const [current, source] = [sum((row) => row.current), sum((row) => row.expected + row.drift)];
  const counting = rows.length === 0 || rows.some(({ status }) => status === "counting");
  return {
    query: "totals",
    expected: sum((row) => row.expected),
    drift: sum((row) => row.drift),
    current,
    remaining: sum((row) => row.remaining),
    progress: counting ? null : verdict === "complete" ? 100 : shareBelow100(current, source),
    rejected: sum((row) => row.rejected),
    parked: sum((row) => row.parked),
    excluded: sum((row) => row.excluded),
    unread: sum((row) => row.unread),
    unaccounted: sum((row) => row.unaccounted),
    repaired: sum((row) => row.repaired),
    batches: sum((row) => row.batches),
    failedBatches: sum((row) => row.failedBatches),
  };
}
