/** Users of Supabase Auth: what is asked of it, and what its refusals mean. Its client is in `auth/client`. */
export {
  type AuthAdmin,
  type AuthAdminOptions,
  type Contact,
  type FoundAccount,
  type InvitationMethod,
  makerOf,
  type NewAccount,
  PAGE,
  type Rights,
} from "./auth-admin.ts";
export { AuthFailure, type FailureKind, failureOf } from "./auth-failure.ts";
