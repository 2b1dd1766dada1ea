/** What GoTrue does when somebody asks for a link by mail. Written from its internal/api/recover.go, otp.go and mail.go. */
import { z } from "zod";
import { json } from "../stand-in/answers.ts";
import { badJson, type Call, type Done, invalid, refuse, wrongAddress } from "./operations.ts";
import type { Schedule } from "./schedule.ts";
import { type AuthUser, type Users, userWithEmail } from "./store.ts";

/** A mail that left. */
export interface Mail {
  readonly to: string;
  readonly userId: string;
  readonly kind: "recovery" | "magiclink";
  /** Where its link leads; null: to the project's own address. */
  readonly redirectTo: string | null;
  /** `performance.now()` */
  readonly at: number;
}

const asked = z.object({ email: z.string().default(""), create_user: z.boolean().default(true) });

const TOO_SOON = "For security purposes, you can only request this after 59 seconds.";
const TOO_MANY = "email rate limit exceeded";

/** Sends a link, if somebody has the address. Of an address that nobody has a recovery says nothing; a stand-in signs nobody up. */
export function sendLink(
  { users, mails, schedule }: { users: Users; mails: Mail[]; schedule: Schedule },
  kind: Mail["kind"],
  { body, query }: Call,
): Done {
  const wanted = parsed(body);
  if (wanted === undefined) return badJson();
  if (wanted.email === "") return invalid("Password recovery requires an email");
  const wrong = wrongAddress(wanted.email);
  if (wrong !== undefined) return wrong;
  const user = userWithEmail(users, wanted.email);
  if (user === undefined)
    return kind === "recovery"
      ? json(200, {})
      : refuse(422, "otp_disabled", "Signups not allowed for otp");
  const limit = limitMet(user, mails, schedule);
  if (limit !== undefined) return refuse(429, "over_email_send_rate_limit", limit);
  user.mailedAt = new Date().toISOString();
  const redirectTo = query.get("redirect_to");
  mails.push({ to: user.email, userId: user.id, kind, redirectTo, at: performance.now() });
  return json(200, {});
}

function limitMet(
  { id }: AuthUser,
  mails: readonly Mail[],
  schedule: Schedule,
): string | undefined {
  const { mailPauseMs, mailsPerMinute, minuteMs } = schedule.settings();
  const now = performance.now();
  if (mails.some(({ userId, at }) => userId === id && at > now - mailPauseMs)) return TOO_SOON;
  const recent = mails.filter(({ at }) => at > now - minuteMs).length;
  return mailsPerMinute !== null && recent >= mailsPerMinute ? TOO_MANY : undefined;
}

function parsed(body: string): z.output<typeof asked> | undefined {
  try {
    return asked.safeParse(JSON.parse(body)).data;
  } catch {
    return undefined;
  }
}
