/** Accounts of Supabase Auth: what they are made of, and how they are made once. */
export { type AuthAdmin, openAuthAdmin } from "./auth-admin.ts";
export { AuthFailure } from "./auth-failure.ts";
export { ensureAccount } from "./ensure-account.ts";
export { importPassword } from "./password-hash.ts";
