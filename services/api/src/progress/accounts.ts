/** Accounts of Supabase Auth as people see them: counts, and whether they stand still. */
import { accountStallInWords, type AccountsView } from "@nexus/contract";
import type { Queryable } from "@nexus/shared/database";
import { accountProgress, findAccountStall } from "@nexus/shared/ledger";

/** Reads the ledger; its cost grows with the number of users, where runs make accounts. */
export async function viewOfAccounts(db: Queryable): Promise<AccountsView> {
  const progress = await accountProgress(db);
  const stall = progress.status === "off" ? undefined : await findAccountStall(db);
  const due = progress.due + progress.removing;
  const { none, refused, passwords, ...counts } = progress;
  return {
    ...counts,
    none: { ...none },
    refused: { ...refused },
    passwords: { ...passwords },
    stalled: stall === undefined ? null : { ...stall, says: accountStallInWords(stall, due) },
  };
}
