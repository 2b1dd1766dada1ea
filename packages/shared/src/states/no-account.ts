/** Why a user of the source gets no account of Supabase Auth; the first that holds, in this order. */
export const NO_ACCOUNT = [
  "test_account",
  "inactive",
  "no_address",
  "malformed",
  /** Somebody else has the address in the same spelling, */
  "shared_address",
  /** or in other case. */
  "case_variant",
] as const;

export type NoAccount = (typeof NO_ACCOUNT)[number];

/** Those of whom a person has to decide: the address is somebody else's, too. */
export const FOR_A_PERSON: readonly NoAccount[] = ["shared_address", "case_variant"];
