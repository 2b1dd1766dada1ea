/** A rollback takes back the accounts that its run created, and leaves everybody else's. */
import type { AuthAdmin, NewAccount } from "@nexus/shared/auth";

/** `left`: somebody else created it, an earlier run or a sign-up. `gone`: there is none. */
export type Removal = "removed" | "left" | "gone";

/** Whose work an account is says `app_metadata`, which users cannot write. May be repeated. Throws an `AuthFailure`. `removing`: called before it is removed. */
export async function removeAccount(
  admin: AuthAdmin,
  { id, runId }: Pick<NewAccount, "id" | "runId">,
  removing: () => void = () => {},
): Promise<Removal> {
  const there = await admin.find(id);
  if (there === undefined) return "gone";
  if (there.runId !== runId) return "left";
  removing();
  await admin.remove(id);
  return "removed";
}
