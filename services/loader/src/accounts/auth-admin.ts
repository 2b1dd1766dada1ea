/** The calls that the accounts stage makes to Supabase Auth, through Supabase's own client. */
import {
  GoTrueAdminApi,
  isAuthApiError,
  isAuthError,
  type User,
  type UserResponse,
} from "@supabase/auth-js";
import { type AuthFailure, type FailureKind, failureOf, retryAfterOf } from "./auth-failure.ts";

export interface AuthAdminOptions {
  /** `SUPABASE_URL`, like https://<project>.supabase.co. */
  readonly url: string;
  /** `SUPABASE_SERVICE_ROLE_KEY`: may do everything to everybody. */
  readonly serviceRoleKey: string;
  /** Milliseconds in which a call has to be answered. */
  readonly timeoutMs: number;
  /** Called when Supabase Auth was well enough to answer, even if with a refusal of this call. */
  readonly onAnswer?: () => void;
}

/** What `app_metadata` says of a user: what gives rights. */
export interface Rights {
  readonly practiceId: string | null;
  /** Null: it is not known yet. */
  readonly role: string | null;
}

export interface NewAccount extends Rights {
  /** The profile's. */
  readonly id: string;
  readonly email: string;
  /** Of `importPassword`; null: a password that nobody knows. */
  readonly passwordHash: string | null;
  /** The run that creates it: only such accounts may a rollback remove. */
  readonly runId: number;
}

export interface FoundAccount extends Rights {
  readonly id: string;
  /** The run that created it; null: somebody else did. */
  readonly runId: number | null;
}

/** Each call throws an `AuthFailure`, and nothing else. */
export interface AuthAdmin {
  create(account: NewAccount): Promise<void>;
  find(id: string): Promise<FoundAccount | undefined>;
  /** Tells an account that is there its rights. Undefined: there is none. */
  update(id: string, rights: Rights): Promise<FoundAccount | undefined>;
  /** Nothing if there is none. */
  remove(id: string): Promise<void>;
}

/** Makes no connection before the first call. */
export function openAuthAdmin(options: AuthAdminOptions): AuthAdmin {
  const ask = askerOf(options);
  return {
    async create(account) {
      const { user, error } = await ask((api) => api.createUser(attributesOf(account)));
      if (foundOr(account.id, user, error) === undefined)
        throw failureOf({ status: 404, code: undefined });
    },
    async find(id) {
      const { user, error } = await ask((api) => api.getUserById(id));
      return foundOr(id, user, error);
    },
    async update(id, rights) {
      const change = { app_metadata: metadataOf(rights) };
      const { user, error } = await ask((api) => api.updateUserById(id, change));
      return foundOr(id, user, error);
    },
    async remove(id) {
      const { error } = await ask((api) => api.deleteUser(id));
      if (error !== null && error !== UNKNOWN) throw error;
    },
  };
}

/** There is no user of that id. */
const UNKNOWN = "unknown";

/** What a call answered, and what it failed of. */
interface Asked {
  readonly user: User | null;
  readonly error: AuthFailure | typeof UNKNOWN | null;
}

type Call = (api: GoTrueAdminApi) => Promise<UserResponse>;

/** Makes each call with a client of its own: what an answer says in its headers, no error of auth-js tells. */
function askerOf({ url, serviceRoleKey, timeoutMs, onAnswer }: AuthAdminOptions) {
  return async (call: Call): Promise<Asked> => {
    let retryAfterMs: number | null = null;
    const api = new GoTrueAdminApi({
      url: `${url.replace(/\/+$/, "")}/auth/v1`,
      headers: { Authorization: `Bearer ${serviceRoleKey}`, apikey: serviceRoleKey },
      fetch: async (input, init) => {
        const answer = await exchange(input, init, timeoutMs);
        retryAfterMs = retryAfterOf(answer.headers.get("retry-after"));
        return answer;
      },
    });
    const { data, error } = await call(api);
    const failed = error === null ? null : whyFailed(error, retryAfterMs);
    if (failed === null || failed === UNKNOWN || !UNWELL.has(failed.kind)) onAnswer?.();
    return { user: data.user, error: failed };
  };
}

const UNWELL: ReadonlySet<FailureKind> = new Set<FailureKind>(["throttled", "stop", "retry"]);

function whyFailed(error: unknown, retryAfterMs: number | null): AuthFailure | typeof UNKNOWN {
  if (isUnknown(error)) return UNKNOWN;
  return failureOf(isAuthError(error) ? error : { status: 0, code: undefined }, retryAfterMs);
}

/** A success that does not tell of the user is a gateway's: what was asked may have been done, or not. */
function foundOr(id: string, user: User | null, error: Asked["error"]): FoundAccount | undefined {
  if (error === UNKNOWN) return undefined;
  if (error !== null) throw error;
  if (user?.id !== id) throw failureOf({ status: 0, code: "malformed" });
  const metadata: Readonly<Record<string, unknown>> = { ...user.app_metadata };
  const { practice_id: practiceId, role, migration_run: runId } = metadata;
  return {
    id,
    runId: typeof runId === "number" ? runId : null,
    practiceId: typeof practiceId === "string" ? practiceId : null,
    role: typeof role === "string" ? role : null,
  };
}

/** A 404 of anything else is a wrong URL: to take it for "there is none" would be to create everybody anew. */
function isUnknown(error: unknown): boolean {
  return isAuthApiError(error) && error.code === "user_not_found";
}

/** What gives rights is in `app_metadata` alone: users may write `user_metadata` themselves. */
function attributesOf({ id, email, passwordHash, runId, ...rights }: NewAccount) {
  return {
    id,
    email,
    email_confirm: true,
    ...(passwordHash !== null && { password_hash: passwordHash }),
    app_metadata: { ...metadataOf(rights), migration_run: runId },
  };
}

/** Null takes a member away. */
function metadataOf({ practiceId, role }: Rights) {
  return { practice_id: practiceId, role };
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
