/** Accounts of Supabase Auth: who decides about them, how far they are, and what they wait for. */
export {
  decideAnew,
  DECISION_LOCK,
  holdDecision,
  NEWEST_WITH_ACCOUNTS,
  profilesWait,
  recordDecision,
  ROLLBACK_OPEN,
  runToDecide,
  type ToDecide,
} from "./account-decisions.ts";
export {
  ACCOUNT_BUDGET,
  accountProgress,
  type AccountProgress,
  type ByCode,
  INVITATION_BUDGET,
} from "./account-progress.ts";
export { type AccountsStanding, accountsStanding, type AccountsUnmet } from "./account-standing.ts";
export { type AccountStall, findAccountStall } from "./account-stall.ts";
export { acceptAccounts, undecidedAccounts, type WaitingAccounts } from "./undecided-accounts.ts";
