/** Whoever imports this loads Supabase's client: only where accounts are on. */
export { openAuthAdmin } from "./open-auth-admin.ts";
