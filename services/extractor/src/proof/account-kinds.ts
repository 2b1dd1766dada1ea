/** What differs between the ledger and Supabase Auth about an account. Pure. */
import { type FoundAccount, makerOf, type Rights } from "@nexus/shared/auth";

/** An account as the ledger has it. */
export interface KnownAccount {
  readonly legacyId: number;
  readonly id: string;
  readonly state: "none" | "due" | "done" | "refused" | "removing";
  /** Whether the user is to have it. */
  readonly isWanted: boolean;
  /** The run that created it: then it has what we told it. Null: none of ours did. */
  readonly madeBy: number | null;
  /** What the profile says; null: it is not in the target. */
  readonly rights: Rights | null;
}

export type AccountKind = "account_missing" | "account_unknown" | "account_rights";

/**
 * `known` undefined: the ledger knows no such account. `found` undefined: there is none. An address that its owner has changed, or has yet to confirm,
 * and an account that is banned are no differences; what is still to be made, told or taken back is none yet. `ledger`: the id of ours.
 */
export function accountKinds(
  known: KnownAccount | undefined,
  found: FoundAccount | undefined,
  ledger: string,
): readonly AccountKind[] {
  if (known !== undefined && isPending(known)) return [];
  if (known?.state !== "done") return isOfARun(found, ledger, known) ? ["account_unknown"] : [];
  if (!known.isWanted) return [];
  if (found === undefined) return ["account_missing"];
  return known.madeBy !== null && differs(known.rights, found) ? ["account_rights"] : [];
}

function isOfARun(
  found: FoundAccount | undefined,
  ledger: string,
  known: KnownAccount | undefined,
): boolean {
  return found !== undefined && makerOf(found, ledger, known?.madeBy ?? null) !== null;
}

export function isPending({ state }: KnownAccount): boolean {
  return state === "due" || state === "removing";
}

function differs(rights: Rights | null, { practiceId, role }: FoundAccount): boolean {
  return rights !== null && (rights.practiceId !== practiceId || rights.role !== role);
}
