/** Who of the source's users gets an account of Supabase Auth. */
export { type Decision, type LegacyUser, openAddressBook } from "./decide-accounts.ts";
export { testAccounts } from "./test-accounts.ts";
