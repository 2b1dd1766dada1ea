/** The calls that the accounts stage makes to Supabase Auth, through Supabase's own client. */
import { GoTrueAdminApi, isAuthApiError, type User } from "@supabase/auth-js";
import { failureOf } from "./auth-failure.ts";

export interface AuthAdminOptions {
  /** `SUPABASE_URL`, like https://<project>.supabase.co. */
  readonly url: string;
  /** `SUPABASE_SERVICE_ROLE_KEY`: may do everything to everybody. */
  readonly serviceRoleKey: string;
  /** Milliseconds in which a call has to be answered. */
  readonly timeoutMs: number;
}

export interface NewAccount {
  /** The profile's. */
  readonly id: string;
  readonly email: string;
  /** Of `importPassword`; null: a password that nobody knows. */
  readonly passwordHash: string | null;
  readonly practiceId: string | null;
  readonly role: string;
  /** The run that creates it: only such accounts may a rollback remove. */
  readonly runId: number;
}

export interface FoundAccount {
  readonly id: string;
  /** The run that created it; null: somebody else did. */
  readonly runId: number | null;
}

/** Each call throws an `AuthFailure`, and nothing else. */
export interface AuthAdmin {
  create(account: NewAccount): Promise<void>;
  find(id: string): Promise<FoundAccount | undefined>;
  /** Nothing if there is none. */
  remove(id: string): Promise<void>;
}

/** Makes no connection before the first call. */
export function openAuthAdmin({ url, serviceRoleKey, timeoutMs }: AuthAdminOptions): AuthAdmin {
  const api = new GoTrueAdminApi({
    url: `${url.replace(/\/+$/, "")}/auth/v1`,
    headers: { Authorization: `Bearer ${serviceRoleKey}`, apikey: serviceRoleKey },
    fetch: (input, init) => exchange(input, init, timeoutMs),
  });
  return {
    async create(account) {
      const { error } = await api.createUser(attributesOf(account));
      if (error !== null) throw failureOf(error);
    },
    async find(id) {
      const { data, error } = await api.getUserById(id);
      if (error === null) return { id: data.user.id, runId: runOf(data.user) };
      if (isUnknown(error)) return undefined;
      throw failureOf(error);
    },
    async remove(id) {
      const { error } = await api.deleteUser(id);
      if (error !== null && !isUnknown(error)) throw failureOf(error);
    },
  };
}

/** A 404 of anything else is a wrong URL: to take it for "there is none" would be to create everybody anew. */
function isUnknown(error: unknown): boolean {
  return isAuthApiError(error) && error.code === "user_not_found";
}

/** What gives rights is in `app_metadata` alone: users may write `user_metadata` themselves. */
function attributesOf({ id, email, passwordHash, practiceId, role, runId }: NewAccount) {
  return {
    id,
    email,
    email_confirm: true,
    ...(passwordHash !== null && { password_hash: passwordHash }),
    app_metadata: { practice_id: practiceId, role, migration_run: runId },
  };
}

function runOf({ app_metadata }: User): number | null {
  const run: unknown = app_metadata["migration_run"];
  return typeof run === "number" ? run : null;
}

/**
 * auth-js waits for ever, prints what `fetch` throws, and follows redirects with the key in a header. Here a call that nobody answered,
 * or not to its end, is an answer like that of a gateway that waited for it.
 */
async function exchange(
  input: Parameters<typeof fetch>[0],
  init: RequestInit | undefined,
  timeoutMs: number,
): Promise<Response> {
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    const response = await fetch(input, { ...init, redirect: "manual", signal });
    const body = await response.text();
    const { status, headers } = response;
    return new Response(status === 204 || status === 304 ? null : body, { status, headers });
  } catch {
    return new Response(null, { status: 504 });
  }
}
