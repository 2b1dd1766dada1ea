/** Whether accounts are as they should be: decided by all that is in the target, made, and nobody left to decide about. */
import type { Queryable } from "../database/pool.ts";
import { ACCOUNT_BUDGET, accountProgress, type AccountProgress } from "./account-progress.ts";
import { type AccountStall, findAccountStall } from "./account-stall.ts";
import { undecidedAccounts, type WaitingAccounts } from "./undecided-accounts.ts";

/** What keeps them from it. */
export type AccountsUnmet =
  /** Wanted, and not made: a person must look. */
  | { readonly code: "accounts_refused"; readonly waiting: readonly WaitingAccounts[] }
  /** Made, and not wanted any more. */
  | { readonly code: "accounts_unwanted"; readonly waiting: readonly WaitingAccounts[] }
  /** The newest run that makes accounts has decided about none. */
  | { readonly code: "accounts_undecided"; readonly runId: number }
  /** Run `wroteProfiles` came after the run that decided last. */
  | {
      readonly code: "accounts_outdated";
      readonly runId: number;
      readonly wroteProfiles: number;
    }
  /** To be made, or to be taken back. */
  | { readonly code: "accounts_due"; readonly due: number };

export interface AccountsStanding {
  readonly progress: AccountProgress;
  /** None where no run makes accounts, and none are to be taken back. */
  readonly unmet: readonly AccountsUnmet[];
  /** Whether what is due comes by itself: nothing stands still, and nobody has to mend anything first. */
  readonly moves: boolean;
  readonly stall: AccountStall | undefined;
}

interface Runs {
  /** That decided last. */
  readonly decided: number | null;
  /** The newest that has written profiles. */
  readonly wroteProfiles: number | null;
  readonly stopped: boolean;
}

const RUNS = `
  select (select max(run_id) from migration.account_decisions where not before_profiles) as decided,
    greatest(
      (select max(run_id) from migration.batches where entity = 'profiles' and status <> 'rolled_back' and inserted + updated > 0),
      (select max(run_id) from migration.run_entities where entity = 'profiles' and gone_deleted > 0),
      (select max(greatest(run_id, back_run)) from migration.archived_rows where entity = 'profiles' and marked)) as "wroteProfiles",
    exists (select from migration.rate_budget where model = '${ACCOUNT_BUDGET}' and pause_reason = 'stopped') as stopped`;

/** Reads the ledger; its cost grows with the number of users. */
export async function accountsStanding(db: Queryable): Promise<AccountsStanding> {
  const progress = await accountProgress(db);
  if (progress.status === "off") return { progress, unmet: [], moves: true, stall: undefined };
  const [runs] = (await db.query<Runs>(RUNS)).rows;
  if (runs === undefined) throw new Error("an aggregate without a row");
  const stall = await findAccountStall(db);
  return {
    progress,
    unmet: [...waitingFor(await undecidedAccounts(db)), ...notDone(progress, runs)],
    moves: stall === undefined && !runs.stopped,
    stall,
  };
}

function waitingFor(all: readonly WaitingAccounts[]): AccountsUnmet[] {
  return (["refused", "unwanted"] as const).flatMap((kind) => {
    const waiting = all.filter((one) => one.kind === kind);
    return waiting.length === 0 ? [] : [{ code: `accounts_${kind}` as const, waiting }];
  });
}

function notDone(
  { runId, due, removing }: AccountProgress,
  { decided, wroteProfiles }: Runs,
): AccountsUnmet[] {
  const open: AccountsUnmet[] =
    due + removing > 0 ? [{ code: "accounts_due", due: due + removing }] : [];
  if (runId === null) return open;
  if (decided === null || decided < runId) return [{ code: "accounts_undecided", runId }, ...open];
  if (wroteProfiles === null || decided >= wroteProfiles) return open;
  return [{ code: "accounts_outdated", runId: decided, wroteProfiles }, ...open];
}
