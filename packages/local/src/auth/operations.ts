/** What GoTrue does with each operation of its admin API when nothing is wrong. Written from its internal/api/admin.go, step by step. */
import { randomUUID } from "node:crypto";
import { z } from "zod";
import { type Answer, json } from "../stand-in/answers.ts";
import type { Refusal } from "./answers.ts";
import { isImportable } from "./hash-forms.ts";
import type { Operation } from "./schedule.ts";
import { type AuthUser, merged, type Users, userWithEmail, viewOf } from "./store.ts";

export interface Call {
  readonly operation: Operation;
  /** From the path. */
  readonly userId: string;
  readonly query: URLSearchParams;
  readonly body: string;
}

/** What is asked of the admin API. */
type Administration = Exclude<Operation, "recover" | "otp">;

export type Done = Answer | Refusal;

const metadata = z.record(z.string(), z.unknown());
const sent = z.object({
  id: z.string().default(""),
  email: z.string().default(""),
  password: z.string().optional(),
  password_hash: z.string().default(""),
  email_confirm: z.boolean().default(false),
  app_metadata: metadata.optional(),
  user_metadata: metadata.optional(),
});
type Sent = z.output<typeof sent>;

export const refuse = (status: number, code: string, message: string): Refusal => ({
  status,
  code,
  message,
});
export const invalid = (message: string): Refusal => refuse(400, "validation_failed", message);
const broken = (message: string): Refusal => refuse(500, "unexpected_failure", message);
const UNKNOWN_USER = refuse(404, "user_not_found", "User not found");

const OPERATION: { readonly [K in Administration]: (users: Users, call: Call) => Done } = {
  create: (users, { body }) => {
    const wanted = parsed(body);
    return wanted === undefined ? badJson() : create(users, wanted);
  },
  list: (users, { query }) => list(users, query),
  get: (users, { userId }) => {
    const user = users.get(userId);
    return user === undefined ? UNKNOWN_USER : json(200, viewOf(user));
  },
  update: (users, { userId, body }) => {
    const change = parsed(body);
    return change === undefined ? badJson() : update(users, userId, change);
  },
  delete: (users, { userId }) => (users.delete(userId) ? json(200, {}) : UNKNOWN_USER),
};

/** Does what an administrator asked. */
export function administer(users: Users, operation: Administration, call: Call): Done {
  return OPERATION[operation](users, call);
}

function create(users: Users, wanted: Sent): Done {
  const { email, password, password_hash: hash } = wanted;
  const id = wanted.id === "" ? randomUUID() : wanted.id.toLowerCase();
  const wrong =
    wrongAddress(email) ??
    taken(users, email) ??
    wrongPassword(password, hash) ??
    wrongId(users, id);
  if (wrong !== undefined) return wrong;
  const user = userOf(id, wanted);
  users.set(id, user);
  return json(200, viewOf(user));
}

function userOf(id: string, wanted: Sent): AuthUser {
  const createdAt = new Date().toISOString();
  return {
    id,
    email: wanted.email.toLowerCase(),
    createdAt,
    confirmedAt: wanted.email_confirm ? createdAt : null,
    passwordHash: wanted.password_hash === "" ? null : wanted.password_hash,
    password: wanted.password ?? null,
    appMetadata: merged({ provider: "email", providers: ["email"] }, wanted.app_metadata),
    userMetadata: merged({}, wanted.user_metadata),
    lastSignInAt: null,
    mailedAt: null,
    bannedUntil: null,
  };
}

/** Ignores `password_hash`, as GoTrue does: a hash comes with the creation or never. */
function update(users: Users, userId: string, change: Sent): Done {
  const user = users.get(userId);
  if (user === undefined) return UNKNOWN_USER;
  if (change.email !== "") {
    const wrong = wrongAddress(change.email);
    if (wrong !== undefined) return wrong;
    const holder = userWithEmail(users, change.email);
    if (holder !== undefined && holder !== user) return broken("Error updating user");
    user.email = change.email.toLowerCase();
  }
  if (change.email_confirm) user.confirmedAt ??= new Date().toISOString();
  if (change.password !== undefined) user.password = change.password;
  user.appMetadata = merged(user.appMetadata, change.app_metadata);
  user.userMetadata = merged(user.userMetadata, change.user_metadata);
  return json(200, viewOf(user));
}

/** Newest first; `page` counts from 1. */
function list(users: Users, query: URLSearchParams): Done {
  const page = Number(query.get("page") || 1);
  const perPage = Number(query.get("per_page") || 50);
  if (![page, perPage].every((number) => Number.isSafeInteger(number) && number > 0))
    return invalid("Bad Pagination Parameters: invalid syntax");
  const all = [...users.values()].reverse();
  const pages = Math.ceil(all.length / perPage);
  const link = (to: number, rel: string) =>
    `</admin/users?page=${to}&per_page=${perPage}>; rel="${rel}"`;
  const links = [...(pages > page ? [link(page + 1, "next")] : []), link(pages, "last")];
  return json(
    200,
    { users: all.slice((page - 1) * perPage, page * perPage).map(viewOf), aud: "authenticated" },
    { link: links.join(", "), "x-total-count": String(all.length) },
  );
}

/** HTML's form of an address, in ASCII: what the checkmail package lets through. */
const ADDRESS =
  /^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$/;

export function wrongAddress(email: string): Refusal | undefined {
  if (email === "") return invalid("Cannot create a user without either an email or phone");
  if (email.length > 255) return invalid("An email address is too long");
  if (ADDRESS.test(email)) return undefined;
  return invalid("Unable to validate email address: invalid format");
}

function taken(users: Users, email: string): Refusal | undefined {
  if (userWithEmail(users, email) === undefined) return undefined;
  const message = "A user with this email address has already been registered";
  return refuse(422, "email_exists", message);
}

function wrongPassword(password: string | undefined, hash: string): Refusal | undefined {
  if (password !== undefined && hash !== "")
    return invalid("Only a password or a password hash should be provided");
  return hash === "" || isImportable(hash) ? undefined : broken("Error creating user");
}

function wrongId(users: Users, id: string): Refusal | undefined {
  if (!z.guid().safeParse(id).success) return invalid("ID must conform to the uuid v4 format");
  if (/^[0-]+$/.test(id)) return invalid("ID cannot be a nil uuid");
  // The primary key says so; of what the database said GoTrue tells nothing.
  return users.has(id) ? broken("Database error creating new user") : undefined;
}

export function badJson(): Refusal {
  return refuse(400, "bad_json", "Could not parse request body as JSON");
}

function parsed(body: string): Sent | undefined {
  try {
    return sent.safeParse(JSON.parse(body)).data;
  } catch {
    return undefined;
  }
}
