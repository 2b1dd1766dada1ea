/** What can go wrong at Supabase Auth, each under its name. */
import { namesOf } from "../stand-in/steps.ts";
import { type Answer, json, page, type Refusal } from "./answers.ts";

/** When the work is done: not at all, before the fault, or a while after it (`settings.lateMs`). */
export interface Fault {
  readonly work: "none" | "done" | "late";
  /** What the caller gets; `cut` is the usual answer that ends early, `reset` a closed connection, `silence` nothing ever. */
  readonly answer: Answer | Refusal | "cut" | "reset" | "silence";
}

const refused = (status: number, code: string, message: string): Fault => ({
  work: "none",
  answer: { status, code, message },
});

const FAULTS = {
  "rate-limited": {
    work: "none",
    answer: json(429, { message: "API rate limit exceeded" }, { "retry-after": "1" }),
  },
  "over-limit": refused(429, "over_request_rate_limit", "Request rate limit reached"),
  "bad-key": { work: "none", answer: json(401, { message: "Invalid API key" }) },
  "not-admin": refused(403, "not_admin", "User not allowed"),
  /** Of a trigger on auth.users that fails, too: GoTrue does not say more. */
  "database-error": refused(500, "unexpected_failure", "Database error creating new user"),
  "timed-out": refused(504, "request_timeout", "Processing this request timed out"),
  "bad-gateway": { work: "none", answer: page(502, "Bad Gateway") },
  unavailable: { work: "none", answer: page(503, "Service Unavailable") },
  reset: { work: "none", answer: "reset" },
  hang: { work: "none", answer: "silence" },
  "done-but-malformed": { work: "done", answer: "cut" },
  "done-but-reset": { work: "done", answer: "reset" },
  "done-but-silent": { work: "done", answer: "silence" },
  "done-but-gateway-timeout": { work: "done", answer: page(504, "Gateway Time-out") },
  "done-late": { work: "late", answer: "silence" },
} satisfies Record<string, Fault>;

export type FaultName = keyof typeof FAULTS;

export const FAULT_NAMES: readonly FaultName[] = namesOf(FAULTS);

/** What a call meets that meets this fault. */
export function faultNamed(name: FaultName): Fault {
  return FAULTS[name];
}
