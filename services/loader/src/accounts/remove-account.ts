/** A rollback takes back the accounts that its run created, and leaves everybody else's. */
import { type AuthAdmin, makerOf, type NewAccount } from "@nexus/shared/auth";

/** `left`: somebody else created it, an earlier run or a sign-up. `gone`: there is none. */
export type Removal = "removed" | "left" | "gone";

/** A run's account, as far as the ledger knows. */
export interface Removed extends Pick<NewAccount, "id" | "runId" | "ledger"> {
  /** Whether the ledger has on record that the run created it, or that a former release asked for it: of one that names no ledger only that says it. */
  readonly isRecorded: boolean;
}

/** Whose work an account is says `app_metadata`, which users cannot write. May be repeated. Throws an `AuthFailure`. `removing`: called before it is removed. */
export async function removeAccount(
  admin: AuthAdmin,
  { id, runId, ledger, isRecorded }: Removed,
  removing: () => void = () => {},
): Promise<Removal> {
  const there = await admin.find(id);
  if (there === undefined) return "gone";
  if (makerOf(there, ledger, isRecorded ? runId : null) !== runId) return "left";
  removing();
  await admin.remove(id);
  return "removed";
}
