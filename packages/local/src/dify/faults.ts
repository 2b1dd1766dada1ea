/** What can go wrong at Dify, each under its name. */
import { type Answer, page } from "../stand-in/answers.ts";
import { type Fault, OF_THE_NETWORK } from "../stand-in/play-fault.ts";
import { namesOf } from "../stand-in/steps.ts";
import { refusal } from "./answers.ts";

export type DifyFault = Fault<Answer>;

const refused = (status: number, code: string, message: string): DifyFault => ({
  work: "none",
  answer: refusal(status, code, message),
});

const FAULTS = {
  "rate-limited": refused(
    403,
    "forbidden",
    "Sorry, you have reached the knowledge base request rate limit of your subscription.",
  ),
  "too-many-requests": refused(429, "too_many_requests", "Too many requests."),
  "quota-spent": refused(429, "rate_limit_error", "The quota of the plan is exhausted."),
  "plan-limit": refused(
    403,
    "forbidden",
    "The number of documents has reached the limit of your subscription.",
  ),
  "api-access-off": refused(403, "forbidden", "Dataset api access is not enabled."),
  unauthorized: refused(401, "unauthorized", "Access token is invalid"),
  archived: refused(403, "archived_document_immutable", "The archived document is not editable."),
  invalid: refused(400, "invalid_param", "text is invalid"),
  "document-indexing": refused(400, "document_indexing", "The document is being processed."),
  "not-initialized": refused(400, "provider_not_initialize", "No Embedding Model available."),
  internal: refused(500, "internal_server_error", "Internal server error."),
  unavailable: { work: "none", answer: page(503, "Service Unavailable") },
  moved: { work: "none", answer: page(301, "Moved Permanently") },
  "not-found-page": { work: "none", answer: page(404, "Not Found") },
  ...OF_THE_NETWORK,
} satisfies Record<string, DifyFault>;

export type FaultName = keyof typeof FAULTS;

export const FAULT_NAMES: readonly FaultName[] = namesOf(FAULTS);

/** What a call meets that meets this fault. */
export function faultNamed(name: FaultName): DifyFault {
  return FAULTS[name];
}
