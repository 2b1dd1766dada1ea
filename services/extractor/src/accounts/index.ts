/** Who of the source's users gets an account of Supabase Auth. */
export { openAddressBook } from "./decide-accounts.ts";
export { testAccounts } from "./test-accounts.ts";
