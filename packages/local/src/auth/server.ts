/**
 * A stand-in for the admin API of Supabase Auth (GoTrue), and for its links by mail, for tests:
 *
 *     POST|GET /auth/v1/admin/users, GET|PUT|DELETE /auth/v1/admin/users/{id}, for the service role's key
 *     POST /auth/v1/recover, POST /auth/v1/otp
 */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { listen } from "../stand-in/listen.ts";
import { page, send } from "../stand-in/answers.ts";
import { playFault } from "../stand-in/play-fault.ts";
import { type Refusal, refusal } from "./answers.ts";
import { faultNamed } from "./faults.ts";
import { type Mail, sendLink } from "./mails.ts";
import { administer, type Call, type Done } from "./operations.ts";
import {
  openSchedule,
  type Operation,
  OPERATIONS,
  type Schedule,
  type ScheduleChange,
} from "./schedule.ts";
import type { AuthUser, Users } from "./store.ts";

/** The service role's key that it takes. */
export const SERVICE_ROLE_KEY = "service-role-stand-in";

export interface AuthOptions extends ScheduleChange {
  /** 0 (any free port) if left out. */
  readonly port?: number;
  /** Where users are kept, too, as Supabase Auth keeps them in the project's database. Faults pass it by. */
  readonly database?: UserTable;
}

/** The table of users, auth.users. What refuses a user there fails his creation. */
export interface UserTable {
  created(user: Readonly<AuthUser>): Promise<void>;
  deleted(id: string): Promise<void>;
}

export interface AuthServer {
  /** For `SUPABASE_URL`. */
  readonly url: string;
  /** In the order of their creation. */
  users(): readonly Readonly<AuthUser>[];
  /** Calls so far, whatever became of them. */
  calls(operation: Operation): number;
  /** Somebody signs up by himself: no call of ours. */
  signUp(user: { readonly id: string; readonly email: string }): void;
  /** Mails that left, in their order. */
  mails(): readonly Mail[];
  /** What becomes of a user by himself or by somebody else: no call of ours. */
  alter(id: string, change: Partial<Omit<AuthUser, "id" | "createdAt">>): void;
  change(change: ScheduleChange): void;
  /** Cuts all connections. */
  close(): Promise<void>;
}

interface StandIn {
  readonly users: Users;
  readonly mails: Mail[];
  readonly schedule: Schedule;
  readonly counts: Map<Operation, number>;
  readonly database: UserTable | undefined;
}

/** Starts the stand-in on 127.0.0.1. */
export async function startAuth({
  port = 0,
  database,
  ...first
}: AuthOptions = {}): Promise<AuthServer> {
  const standIn: StandIn = {
    users: new Map(),
    mails: [],
    schedule: openSchedule(first),
    counts: new Map(OPERATIONS.map((operation) => [operation, 0])),
    database,
  };
  const listening = await listen(
    port,
    (request, response) => void respond(standIn, request, response),
  );
  return {
    url: `http://127.0.0.1:${listening.port}`,
    users: () => [...standIn.users.values()],
    calls: (operation) => standIn.counts.get(operation) ?? 0,
    signUp: ({ id, email }) => {
      const body = JSON.stringify({ id, email, email_confirm: true });
      const query = new URLSearchParams();
      perform(standIn, { operation: "create", userId: "", query, body });
    },
    mails: () => standIn.mails,
    alter: (id, change) => void Object.assign(standIn.users.get(id) ?? {}, change),
    change: (change) => standIn.schedule.change(change),
    close: listening.close,
  };
}

const ROUTES: readonly (readonly [method: string, path: RegExp, operation: Operation])[] = [
  ["POST", /^\/auth\/v1\/admin\/users$/, "create"],
  ["GET", /^\/auth\/v1\/admin\/users$/, "list"],
  ["GET", /^\/auth\/v1\/admin\/users\/([^/]+)$/, "get"],
  ["PUT", /^\/auth\/v1\/admin\/users\/([^/]+)$/, "update"],
  ["DELETE", /^\/auth\/v1\/admin\/users\/([^/]+)$/, "delete"],
  ["POST", /^\/auth\/v1\/recover$/, "recover"],
  ["POST", /^\/auth\/v1\/otp$/, "otp"],
];

function route(method: string, url: string, body: string): Call | undefined {
  const { pathname, searchParams: query } = new URL(url, "http://stand-in");
  for (const [verb, path, operation] of ROUTES) {
    const found = path.exec(pathname);
    if (verb === method && found !== null)
      return { operation, userId: (found[1] ?? "").toLowerCase(), query, body };
  }
  return undefined;
}

async function respond(
  standIn: StandIn,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = "", url = "", headers } = request;
  try {
    const call = route(method, url, await text(request));
    if (call === undefined) send(response, page(404, "404 page not found"));
    else await answerCall(standIn, headers, call, response);
  } catch {
    response.destroy(); // The caller has gone.
  }
}

function perform(standIn: StandIn, call: Call): Done {
  if (call.operation === "recover") return sendLink(standIn, "recovery", call);
  if (call.operation === "otp") return sendLink(standIn, "magiclink", call);
  return administer(standIn.users, call.operation, call);
}

async function answerCall(
  standIn: StandIn,
  headers: IncomingHttpHeaders,
  call: Call,
  response: ServerResponse,
): Promise<void> {
  const { schedule, counts } = standIn;
  counts.set(call.operation, (counts.get(call.operation) ?? 0) + 1);
  const { latencyMs, lateMs, echoes } = schedule.settings();
  if (latencyMs > 0) await delay(latencyMs);
  const shown = (done: Done) => {
    if (!("code" in done)) return done;
    const message = echoes ? `${done.message}: ${call.body}` : done.message;
    return refusal({ ...done, message }, headers);
  };
  const stranger = refusalOfKey(headers.authorization);
  if (stranger !== undefined) return send(response, shown(stranger));
  const work = () => shown(perform(standIn, call));
  const fault = schedule.nextFault(call.operation, performance.now());
  if (fault === "none") send(response, shown(await performKept(standIn, call)));
  else await playFault(faultNamed(fault), { work, shown, lateMs }, response);
}

/** Does what was asked, in the table of users too. */
async function performKept(standIn: StandIn, call: Call): Promise<Done> {
  const { users, database } = standIn;
  const before = new Set(users.keys());
  const done = perform(standIn, call);
  // At once: others are created while the table is written.
  const made = [...users.values()].filter(({ id }) => !before.has(id));
  for (const user of made)
    try {
      await database?.created(user);
    } catch {
      users.delete(user.id);
      return {
        status: 500,
        code: "unexpected_failure",
        message: "Database error creating new user",
      };
    }
  if (call.operation === "delete") await database?.deleted(call.userId);
  return done;
}

function refusalOfKey(authorization: string | undefined): Refusal | undefined {
  if (authorization === `Bearer ${SERVICE_ROLE_KEY}`) return undefined;
  return authorization === undefined
    ? { status: 401, code: "no_authorization", message: "This endpoint requires a Bearer token" }
    : { status: 403, code: "bad_jwt", message: "invalid JWT: unable to parse or verify signature" };
}
