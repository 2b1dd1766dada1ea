/**
 * Who of the source's users gets an account of Supabase Auth: decided for all of them before the first call, since there an address
 * is unique and whoever came first would have it.
 */
import { type AccountUser, signInAddress } from "@nexus/catalog";
import type { NoAccount } from "@nexus/shared/states";

export type Decision =
  | { readonly outcome: "account" }
  | {
      readonly outcome: "none";
      readonly reason: NoAccount;
      /** Of an address that is somebody else's: the user who has it. */
      readonly holder: number | null;
    };

/** Everybody is added first, in any order; then asked about. */
export interface AddressBook {
  add(user: AccountUser): void;
  /** Throws for an address of which nobody was added. */
  decide(user: AccountUser): Decision;
}

interface Holder {
  readonly id: number;
  readonly lastLogin: number | null;
  readonly spelt: string;
}

/** Keeps one entry for each address that may get an account: about 200 bytes, so 25 MB for 120,000 of them. */
export function openAddressBook(isTestAccount: (user: AccountUser) => boolean): AddressBook {
  const holders = new Map<string, Holder>();
  const look = (user: AccountUser) => candidacy(user, isTestAccount);
  return {
    add(user) {
      const address = look(user);
      if (typeof address === "string") return;
      const { id, lastLogin } = user;
      const holder = holders.get(address.kept);
      if (holder === undefined || comesBefore(user, holder))
        holders.set(address.kept, { id, lastLogin, spelt: address.spelt });
    },
    decide(user) {
      const address = look(user);
      if (typeof address === "string") return { outcome: "none", reason: address, holder: null };
      const holder = holders.get(address.kept);
      if (holder === undefined) throw new Error(`user ${user.id} was not added`);
      if (holder.id === user.id) return { outcome: "account" };
      const reason = holder.spelt === address.spelt ? "shared_address" : "case_variant";
      return { outcome: "none", reason, holder: holder.id };
    },
  };
}

/** The address that a user may get an account with, or why none. */
function candidacy(user: AccountUser, isTestAccount: (user: AccountUser) => boolean) {
  return isTestAccount(user) ? "test_account" : signInAddress(user);
}

/** Whoever signed in last is the one who uses the address; among those who never did, who was there first. */
function comesBefore(one: Omit<Holder, "spelt">, other: Omit<Holder, "spelt">): boolean {
  const [login, otherLogin] = [one.lastLogin ?? -Infinity, other.lastLogin ?? -Infinity];
  return login === otherLogin ? one.id < other.id : login > otherLogin;
}
