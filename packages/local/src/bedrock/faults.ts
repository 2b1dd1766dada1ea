/** What can go wrong at Bedrock, each under its name. */
import { DIMENSIONS } from "@nexus/shared/embedding";
import { namesOf } from "../stand-in/steps.ts";
import { answer, type Answer, refusal, vectorBody } from "./answers.ts";

/** An answer, or what happens to the connection instead. */
export type Reply = Answer | "reset" | "hang";

const ZEROS = Array.from({ length: DIMENSIONS }, () => "0.0");

const FAULTS = {
  throttled: refusal(
    429,
    "ThrottlingException",
    "Too many requests, please wait before trying again.",
  ),
  "model-not-ready": refusal(
    429,
    "ModelNotReadyException",
    "The model is not ready to serve inference requests.",
  ),
  "model-timeout": refusal(408, "ModelTimeoutException", "The request took too long to process."),
  "model-error": refusal(
    424,
    "ModelErrorException",
    "The request failed due to an error while processing the model.",
  ),
  internal: refusal(500, "InternalServerException", "An internal server error occurred."),
  unavailable: refusal(503, "ServiceUnavailableException", "The service is currently unavailable."),
  "access-denied": refusal(
    403,
    "AccessDeniedException",
    "You don't have access to the model with the specified model ID.",
  ),
  "not-entitled": refusal(400, "ValidationException", "Operation not allowed"),
  "quota-exceeded": refusal(
    400,
    "ServiceQuotaExceededException",
    "Your request exceeds the service quota for your account.",
  ),
  "not-found": refusal(
    404,
    "ResourceNotFoundException",
    "Could not resolve the foundation model from the model identifier.",
  ),
  /** A success whose JSON ends too early. */
  "malformed-body": answer(200, '{"embedding":[0.1,0.2'),
  /** An error page of something between us and Bedrock. */
  "malformed-error": answer(502, "<html><body>Bad Gateway</body></html>"),
  "wrong-dimensions": answer(200, vectorBody(ZEROS.slice(1).fill("0.5"), 1)),
  /** JSON can say infinity only by overflow. */
  "not-finite": answer(200, vectorBody(["1e999", ...ZEROS.slice(1)], 1)),
  zeros: answer(200, vectorBody(ZEROS, 1)),
  /** The connection is reset before an answer. */
  reset: "reset",
  /** No answer ever comes. */
  hang: "hang",
} satisfies Record<string, Reply>;

export type FaultName = keyof typeof FAULTS;

export const FAULT_NAMES: readonly FaultName[] = namesOf(FAULTS);

/** The reply to a call that meets this fault. */
export function replyOf(fault: FaultName): Reply {
  return FAULTS[fault];
}
