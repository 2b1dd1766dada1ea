import { number, optionalNumber, supabaseVariables } from "@nexus/shared/config";
import { invitationVariables } from "../invitations/config.ts";

/** The environment of the accounts stage: read only where ACCOUNTS=on. */
export const accountVariables = {
  ...supabaseVariables,
  ACCOUNTS_CALLS: number(1, 64, {
    meaning: "accounts on which this process works at the same time",
    fallback: "4",
  }),
  ACCOUNTS_PER_MINUTE: optionalNumber(1, 100_000_000, {
    meaning:
      "accounts that all loaders together create, change or remove per minute, each with one to three calls; absent: not limited",
    danger: "beyond what the project's gateway lets through, it answers 429, and everybody waits",
  }),
  ACCOUNTS_RETRY_MS: number(10, 60_000, {
    meaning: "milliseconds before an account is tried again that failed; doubled each time",
    fallback: "2000",
  }),
  ACCOUNTS_TICK_MS: number(10, 60_000, {
    meaning: "milliseconds between two looks for accounts to make",
    fallback: "1000",
  }),
  ...invitationVariables,
};
