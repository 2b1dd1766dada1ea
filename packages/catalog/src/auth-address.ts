/** An e-mail address as Supabase Auth takes and keeps it. */
import { trimmed } from "./text.ts";

/** `spelt` as the source has it, without blanks around it; `kept` in lower case: unique among all users there. */
export type AuthAddress =
  | { readonly spelt: string; readonly kept: string }
  | "no_address"
  | "malformed";

/** HTML's form of an address, in ASCII: Supabase Auth refuses every other one, also those of domains in other scripts. */
const ACCEPTED =
  /^[a-z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/i;
const LONGEST = 255;

/** Reads an address of the source. `malformed`: there is something, but nobody could sign in with it. */
export function authAddress(text: string | null): AuthAddress {
  const spelt = text === null ? null : trimmed(text);
  if (spelt === null) return "no_address";
  // Without the flag `u`, `i` folds ASCII only: the Kelvin sign is no k.
  if (spelt.length > LONGEST || !ACCEPTED.test(spelt)) return "malformed";
  return { spelt, kept: spelt.toLowerCase() };
}
