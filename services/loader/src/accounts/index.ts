/** Accounts of Supabase Auth: what they are made of, and how they are made once. */
export { ensureAccount } from "./ensure-account.ts";
export { importPassword } from "./password-hash.ts";
