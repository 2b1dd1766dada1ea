/** The calls that are made to Supabase Auth, through Supabase's own client. */
import { AuthClient, GoTrueAdminApi, isAuthApiError, type User } from "@supabase/auth-js";
import { type AuthFailure, failureOf, type Refusal } from "./auth-failure.ts";
import { exchange, type Heard } from "./exchange.ts";

export interface AuthAdminOptions {
  /** `SUPABASE_URL`, like https://<project>.supabase.co. */
  readonly url: string;
  /** `SUPABASE_SERVICE_ROLE_KEY`: may do everything to everybody. */
  readonly serviceRoleKey: string;
  /** Milliseconds in which a call has to be answered. */
  readonly timeoutMs: number;
}

/** What gives rights. */
export interface Rights {
  readonly practiceId: string | null;
  /** Null: it is not known, or nothing was told. */
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

/** With what it was told of its rights. */
export interface FoundAccount extends Rights {
  readonly id: string;
  /** The run that created it; null: somebody else did. */
  readonly runId: number | null;
}

/** How somebody is reached, and whether he needs to be. Not for the ledger: the address is a value. */
export interface Contact extends FoundAccount {
  /** As it is at Supabase Auth now: its owner may have changed it. Null: none. */
  readonly email: string | null;
  readonly hasSignedIn: boolean;
  readonly isBanned: boolean;
  /** When Supabase Auth sent a link to a recovery or a sign-in last, as it says so; null: never. */
  readonly mailedAt: string | null;
}

/** `recovery`: a link by which a password is set. `magiclink`: one that signs in. */
export type InvitationMethod = "recovery" | "magiclink";

export interface Invitation {
  readonly method: InvitationMethod;
  readonly email: string;
  /** Where the link leads to; undefined: to the project's own address. */
  readonly redirectTo: string | undefined;
}

/** Each call throws an `AuthFailure`, and nothing else. */
export interface AuthAdmin {
  create(account: NewAccount): Promise<void>;
  find(id: string): Promise<FoundAccount | undefined>;
  findContact(id: string): Promise<Contact | undefined>;
  /** Tells an account that is there its rights. Undefined: there is none. */
  update(id: string, rights: Rights): Promise<FoundAccount | undefined>;
  /** A page of all accounts, whoever made them, newest first; the first page is 1. One that is not full is the last. */
  list(page: number): Promise<readonly FoundAccount[]>;
  /** Has Supabase Auth send a mail. Creates nobody. Of an address that nobody has it may say nothing. */
  invite(invitation: Invitation): Promise<void>;
  /** Nothing if there is none. */
  remove(id: string): Promise<void>;
}

/** Accounts of a page. */
export const PAGE = 1_000;

const NO_PAGE = { data: { users: [] }, error: { status: 0, code: undefined } };

/** One call: what a client of its own is made of, and what its failure is. */
interface Call {
  readonly client: {
    readonly url: string;
    readonly headers: { [name: string]: string };
    readonly fetch: typeof fetch;
  };
  failed(error: Refusal): AuthFailure;
}

/** Makes no connection before the first call. */
export function openAuthAdmin(options: AuthAdminOptions): AuthAdmin {
  const admin = (): Call & { readonly api: GoTrueAdminApi } => {
    const call = begin(options);
    return { ...call, api: new GoTrueAdminApi(call.client) };
  };
  const user = async (id: string): Promise<User | undefined> => {
    const { api, ...call } = admin();
    const { data, error } = await api.getUserById(id);
    return userOr(call, id, data.user, error);
  };
  return {
    async create(account) {
      const { api, ...call } = admin();
      const { data, error } = await api.createUser(attributesOf(account));
      if (!userOr(call, account.id, data.user, error)) throw call.failed(NOT_TOLD);
    },
    async find(id) {
      const found = await user(id);
      return found && accountOf(found);
    },
    async findContact(id) {
      const found = await user(id);
      return found && contactOf(found);
    },
    async update(id, rights) {
      const { api, ...call } = admin();
      const change = { app_metadata: metadataOf(rights) };
      const { data, error } = await api.updateUserById(id, change);
      const told = userOr(call, id, data.user, error);
      return told && accountOf(told);
    },
    async list(page) {
      const { api, failed } = admin();
      // Of a page that is cut off, or none, the client throws something of its own.
      const { data, error } = await api.listUsers({ page, perPage: PAGE }).catch(() => NO_PAGE);
      if (error !== null) throw failed(error);
      return data.users.map(accountOf);
    },
    async invite(invitation) {
      const call = begin(options);
      const { error } = await sendLink(call, invitation);
      if (error !== null) throw call.failed(error);
    },
    async remove(id) {
      const { api, failed } = admin();
      const { error } = await api.deleteUser(id);
      if (error !== null && !isUnknown(error)) throw failed(error);
    },
  };
}

/** A success that does not tell of its user: what was asked may have been done, or not. */
const NOT_TOLD: Refusal = { status: 0, code: "malformed" };

/** The user of that id whom a call tells of; undefined: there is none. */
function userOr(
  { failed }: Call,
  id: string,
  user: User | null,
  error: Refusal | null,
): User | undefined {
  if (error !== null && !isUnknown(error)) throw failed(error);
  if (error === null && user?.id !== id) throw failed(NOT_TOLD);
  return user ?? undefined;
}

/** The client keeps no header of an answer, so each call listens for itself. */
function begin({ url, serviceRoleKey, timeoutMs }: AuthAdminOptions): Call {
  const heard: Heard = { retryAfterMs: null };
  const client = {
    url: `${url.replace(/\/+$/, "")}/auth/v1`,
    headers: { Authorization: `Bearer ${serviceRoleKey}`, apikey: serviceRoleKey },
    fetch: exchange(timeoutMs, heard),
  };
  return { client, failed: (error) => failureOf(error, heard.retryAfterMs) };
}

/** The client that signs people in is told to keep, refresh and read nothing. */
async function sendLink(
  { client }: Call,
  { method, email, redirectTo }: Invitation,
): Promise<{ readonly error: Refusal | null }> {
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

function accountOf({ id, app_metadata }: User): FoundAccount {
  const run: unknown = app_metadata["migration_run"];
  return {
    id,
    runId: typeof run === "number" ? run : null,
    practiceId: textOf(app_metadata["practice_id"]),
    role: textOf(app_metadata["role"]),
  };
}

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
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
