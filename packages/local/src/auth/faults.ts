/** What can go wrong at Supabase Auth, each under its name. */
import { type Answer, json, page } from "../stand-in/answers.ts";
import { type Fault, OF_THE_NETWORK } from "../stand-in/play-fault.ts";
import { namesOf } from "../stand-in/steps.ts";
import type { Refusal } from "./answers.ts";

export type AuthFault = Fault<Answer | Refusal>;

const refused = (status: number, code: string, message: string): AuthFault => ({
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
  ...OF_THE_NETWORK,
} satisfies Record<string, AuthFault>;

export type FaultName = keyof typeof FAULTS;

export const FAULT_NAMES: readonly FaultName[] = namesOf(FAULTS);

/** What a call meets that meets this fault. */
export function faultNamed(name: FaultName): AuthFault {
  return FAULTS[name];
}
