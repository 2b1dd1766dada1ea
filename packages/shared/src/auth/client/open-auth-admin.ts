/** Supabase's own client, as we drive it. */
import {
  AuthClient,
  GoTrueAdminApi,
  isAuthApiError,
  isAuthError,
  type User,
} from "@supabase/auth-js";
import {
  type AuthAdmin,
  type AuthAdminOptions,
  type Contact,
  type FoundAccount,
  type Invitation,
  type NewAccount,
  PAGE,
  type Rights,
} from "../auth-admin.ts";
import { type AuthFailure, failureOf } from "../auth-failure.ts";
import { exchange, type Heard } from "./exchange.ts";

/** Makes no connection before the first call. */
export function openAuthAdmin(options: AuthAdminOptions): AuthAdmin {
  const ask = askerOf(options);
  const user = async (id: string): Promise<User | undefined> => {
    const found = await ask<OneUser>((client) => new GoTrueAdminApi(client).getUserById(id));
    return found && userIn(found, id);
  };
  return {
    async create(account) {
      const made = await ask<OneUser>((client) =>
        new GoTrueAdminApi(client).createUser(attributesOf(account)),
      );
      if (made === undefined) throw failureOf({ status: 404, code: undefined });
      userIn(made, account.id);
    },
    async find(id) {
      const found = await user(id);
      return found && accountOf(found);
    },
    async findContact(id) {
      const found = await user(id);
      return found && contactOf(found);
    },
    async list(page) {
      const asked = { page, perPage: PAGE };
      const found = await ask<{ readonly users: readonly User[] }>((client) =>
        new GoTrueAdminApi(client).listUsers(asked),
      );
      if (!Array.isArray(found?.users)) throw failureOf({ status: 0, code: undefined });
      return found.users.map(accountOf);
    },
    async update(id, rights) {
      const change = { app_metadata: metadataOf(rights) };
      const told = await ask<OneUser>((client) =>
        new GoTrueAdminApi(client).updateUserById(id, change),
      );
      return told && accountOf(userIn(told, id));
    },
    async invite(invitation) {
      const sent = await ask<unknown>((client) => sendLink(client, invitation));
      if (sent === undefined) throw failureOf({ status: 404, code: undefined });
    },
    async remove(id) {
      await ask<unknown>((client) => new GoTrueAdminApi(client).deleteUser(id));
    },
  };
}

/** What a client of Supabase's is made of. */
interface ClientOptions {
  readonly url: string;
  readonly headers: { [name: string]: string };
  readonly fetch: typeof fetch;
}

type Call<T> = (client: ClientOptions) => Promise<{ readonly data: T; readonly error: unknown }>;

/** Makes each call with a client of its own: what an answer says in its headers, no error of auth-js tells. Undefined: there is no such user. */
function askerOf({ url, serviceRoleKey, timeoutMs }: AuthAdminOptions) {
  return async <T>(call: Call<T>): Promise<T | undefined> => {
    const heard: Heard = { retryAfterMs: null };
    const { data, error } = await call({
      url: `${url.replace(/\/+$/, "")}/auth/v1`,
      headers: { Authorization: `Bearer ${serviceRoleKey}`, apikey: serviceRoleKey },
      fetch: exchange(timeoutMs, heard),
    }).catch((thrown: unknown) => ({ data: undefined, error: thrown }));
    if (error !== null && !isUnknown(error)) throw whyFailed(error, heard);
    return error === null ? data : undefined;
  };
}

/** What is no answer of Supabase Auth auth-js throws as it comes. */
function whyFailed(error: unknown, { retryAfterMs }: Heard): AuthFailure {
  return failureOf(isAuthError(error) ? error : { status: 0, code: undefined }, retryAfterMs);
}

interface OneUser {
  readonly user: User | null;
}

/** A success that does not tell of the user is a gateway's: what was asked may have been done, or not. */
function userIn({ user }: OneUser, id: string): User {
  if (user?.id !== id) throw failureOf({ status: 0, code: "malformed" });
  return user;
}

/** The client that signs people in is told to keep, refresh and read nothing. */
async function sendLink(client: ClientOptions, { method, email, redirectTo }: Invitation) {
  const quiet = { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false };
  const auth = new AuthClient({ ...client, ...quiet, skipAutoInitialize: true });
  if (method === "recovery")
    return await auth.resetPasswordForEmail(email, redirectTo === undefined ? {} : { redirectTo });
  const to = redirectTo === undefined ? {} : { emailRedirectTo: redirectTo };
  return await auth.signInWithOtp({ email, options: { shouldCreateUser: false, ...to } });
}

/** A 404 of anything else is a wrong URL: to take it for "there is none" would be to create everybody anew. */
function isUnknown(error: unknown): boolean {
  return isAuthApiError(error) && error.code === "user_not_found";
}

/** What gives rights is in `app_metadata` alone: users may write `user_metadata` themselves. */
function attributesOf({ id, email, passwordHash, runId, ledger, ...rights }: NewAccount) {
  return {
    id,
    email,
    email_confirm: true,
    ...(passwordHash !== null && { password_hash: passwordHash }),
    app_metadata: { ...metadataOf(rights), migration_run: runId, migration_ledger: ledger },
  };
}

/** Null takes a member away. */
function metadataOf({ practiceId, role }: Rights) {
  return { practice_id: practiceId, role };
}

function accountOf({ id, app_metadata }: User): FoundAccount {
  const metadata: Readonly<Record<string, unknown>> = { ...app_metadata };
  const { practice_id: practiceId, role, migration_run: runId } = metadata;
  const { migration_ledger: ledger } = metadata;
  return {
    id,
    runId: typeof runId === "number" ? runId : null,
    ledger: typeof ledger === "string" ? ledger : null,
    practiceId: typeof practiceId === "string" ? practiceId : null,
    role: typeof role === "string" ? role : null,
  };
}

function contactOf(user: User): Contact {
  const { email = "", last_sign_in_at, banned_until, recovery_sent_at } = user;
  return {
    ...accountOf(user),
    email: email === "" ? null : email,
    hasSignedIn: typeof last_sign_in_at === "string",
    isBanned: typeof banned_until === "string" && Date.parse(banned_until) > Date.now(),
    mailedAt: recovery_sent_at ?? null,
  };
}
