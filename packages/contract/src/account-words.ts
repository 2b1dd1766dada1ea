/** Accounts of Supabase Auth in the words of API, command line, doctor and report. */
import type { AccountsUnmet } from "@nexus/shared/ledger";
import type { NoAccount } from "@nexus/shared/states";

const NONE: Readonly<Record<NoAccount, string>> = {
  test_account: "a test account by its pattern",
  inactive: "not active in the source",
  no_address: "no address",
  malformed: "an address that Supabase Auth does not take",
  shared_address: "the address of a user who has the account",
  case_variant: "the address of a user who has the account, in other case",
};

const REFUSED: Readonly<Record<string, string>> = {
  address_taken:
    "somebody who is not this user has the address at Supabase Auth; they are not linked",
  account_gone: "somebody has deleted the account at Supabase Auth",
  not_removed: "a rollback was to remove the account, and Supabase Auth has not let it go",
};

const known = new Map(Object.entries({ ...NONE, ...REFUSED }));

/** Why a user has no account. `reason`: of a decision, or the code of a refusal. */
export function accountReasonInWords(reason: string): string {
  return known.get(reason) ?? `Supabase Auth says ${reason}`;
}

/** Why accounts were not verified, in words. `code` as a verification tells it. */
export function unverifiedAccountsInWords(code: string): string {
  return code === "off"
    ? "the extractor has no ACCOUNTS=on, and so no key"
    : `Supabase Auth answered ${code}`;
}

const n = (value: number): string => value.toLocaleString("en");

/** `inactive 3, no_address 12` */
function codes(waiting: readonly { readonly reason: string; readonly accounts: number }[]): string {
  return waiting.map(({ reason, accounts }) => `${reason} ${n(accounts)}`).join(", ");
}

/** What keeps accounts from being as they should be. */
export function accountsUnmetInWords(unmet: AccountsUnmet): string {
  if (unmet.code === "accounts_refused")
    return `nobody has decided about accounts that were refused: ${codes(unmet.waiting)}`;
  if (unmet.code === "accounts_unwanted")
    return `there are accounts of users who are to have none any more: ${codes(unmet.waiting)}`;
  if (unmet.code === "accounts_undecided")
    return `run ${unmet.runId} has not decided who gets an account`;
  if (unmet.code === "accounts_outdated")
    return `run ${unmet.wroteProfiles} has written profiles since run ${unmet.runId} decided who gets an account`;
  return `${n(unmet.due)} accounts are yet to be made`;
}

/** Since when nothing has moved. */
export function accountStallInWords(
  { of, seconds }: { readonly of: "decision" | "accounts"; readonly seconds: number },
  due: number,
): string {
  return of === "decision"
    ? `profiles have settled, and nobody has decided for ${n(seconds)} s who gets an account`
    : `${n(due)} accounts are due, and none has been made for ${n(seconds)} s`;
}
