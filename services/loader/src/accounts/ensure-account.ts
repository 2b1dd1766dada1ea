/** One person, one account: whatever was tried before, by whom, and whether anybody answered. */
import {
  type AuthAdmin,
  AuthFailure,
  type FoundAccount,
  makerOf,
  type NewAccount,
} from "@nexus/shared/auth";

export type AccountEnd =
  /** There is one with this id. `call`: this call created it. `run`: an earlier call of this run did. `before`: it does not say that; the ledger may know better. */
  | { readonly state: "done"; readonly by: "call" | "run" | "before" }
  /** There is none, and a person must look. `address_taken`: a user who is not this profile has the address; they are never linked. */
  | { readonly state: "refused"; readonly code: string };

/**
 * Creates an account unless its id is there. May be repeated, at once and by several: id and address are unique at Supabase Auth.
 * Throws an `AuthFailure` of the kinds that say what becomes of it later: `retry`, `throttled`, `stop`.
 *
 * @param attempts how often it was tried before: then somebody may have been created without our having heard of it
 * @param creating awaited before it is created: nobody was found
 */
export async function ensureAccount(
  admin: AuthAdmin,
  account: NewAccount,
  attempts: number,
  creating: () => Promise<void> = async () => {},
): Promise<AccountEnd> {
  const there = attempts > 0 ? await admin.find(account.id) : undefined;
  if (there !== undefined) return found(there, account);
  await creating();
  try {
    await admin.create(account);
    return { state: "done", by: "call" };
  } catch (error) {
    return await afterRefusal(admin, account, error);
  }
}

async function afterRefusal(
  admin: AuthAdmin,
  account: NewAccount,
  error: unknown,
): Promise<AccountEnd> {
  if (!(error instanceof AuthFailure)) throw error;
  if (error.kind === "user") return { state: "refused", code: error.code };
  if (error.kind !== "taken") throw error;
  // Whose address it is says only the id: an earlier attempt that was late, or another person.
  const there = await admin.find(account.id);
  if (there === undefined) return { state: "refused", code: "address_taken" };
  return found(there, account);
}

function found(there: FoundAccount, { runId, ledger }: NewAccount): AccountEnd {
  return { state: "done", by: makerOf(there, ledger, null) === runId ? "run" : "before" };
}
