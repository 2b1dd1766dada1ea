/** Every error becomes one `application/problem+json`; what nobody expected is logged and answered without its text. */
import type { ProblemCode } from "@nexus/contract";
import { errorCode, nextStep } from "@nexus/shared/database";
import { hasZodFastifySchemaValidationErrors } from "fastify-type-provider-zod";
import { Problem, sendProblem } from "../answers/problem.ts";
import type { App } from "../server.ts";

/** Answers errors and unknown routes. */
export function answerErrors(app: App): void {
  app.setErrorHandler(async (error, request, reply) => {
    const problem = asProblem(error);
    if (problem.status >= 500)
      request.log.error(
        { err: error, route: request.routeOptions.url, code: problem.code },
        "request failed",
      );
    await sendProblem(reply, problem);
  });
  app.setNotFoundHandler(async (_request, reply) => {
    await sendProblem(reply, new Problem(404, "not_found", "there is no such route"));
  });
}

/** What is answered for an error. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  return (
    ofRequest(error) ??
    ofTarget(error) ??
    new Problem(500, "internal", "this is a defect: the log says more")
  );
}

/** Faults of the request, found before its handler ran. */
function ofRequest(error: unknown): Problem | undefined {
  if (hasZodFastifySchemaValidationErrors(error)) {
    const fields = error.validation.map(({ instancePath, message }) => ({
      field: instancePath.slice(1).replaceAll("/", ".") || "request",
      problem: message ?? "is malformed",
    }));
    return new Problem(
      400,
      "invalid_request",
      fields.map((f) => `${f.field}: ${f.problem}`).join("; "),
      {
        fields,
      },
    );
  }
  const found = REQUEST_FAULTS[errorCode(error) ?? ""];
  if (found !== undefined) return new Problem(...found);
  return isFault(error)
    ? new Problem(error.statusCode, "invalid_request", "the request is malformed")
    : undefined;
}

/** Fastify's own errors carry the status of their answer. */
function isFault(error: unknown): error is Error & { statusCode: number } {
  if (!(error instanceof Error) || !("statusCode" in error)) return false;
  return typeof error.statusCode === "number" && error.statusCode >= 400 && error.statusCode < 500;
}

const REQUEST_FAULTS: Readonly<Record<string, readonly [number, ProblemCode, string]>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: [415, "unsupported_media_type", "send application/json"],
  FST_ERR_CTP_BODY_TOO_LARGE: [413, "too_large", "the body is larger than 64 kB"],
  FST_ERR_CTP_EMPTY_JSON_BODY: [
    400,
    "invalid_request",
    "the body is empty: leave out its content type, or send {}",
  ],
  FST_ERR_CTP_INVALID_JSON_BODY: [400, "invalid_request", "the body is not JSON"],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: [
    400,
    "invalid_request",
    "the body is not as long as it says",
  ],
};

/** Faults of the target, by SQLSTATE. */
function ofTarget(error: unknown): Problem | undefined {
  const step = nextStep(error);
  const code = errorCode(error) ?? "";
  const found = TARGET_FAULTS.find(([pattern]) => pattern.test(code));
  if (found !== undefined && (step === "person" || code !== KEPT_FROM_US))
    return new Problem(503, found[1], found[2]);
  if (step === "wait" || step === "retry" || /^(28|3D)/.test(code))
    return new Problem(503, "unavailable", "the target cannot be reached; nothing was changed");
  return undefined;
}

/** With another step, a row was refused, or the connection. */
const KEPT_FROM_US = "42501";

const TARGET_FAULTS: readonly (readonly [RegExp, ProblemCode, string])[] = [
  [/^(57014|55P03)$/, "busy", "the target was too busy to finish in time; nothing was changed"],
  [/^(42P01|3F000)$/, "not_migrated", "the target has no ledger: run `npm run nexus migrate`"],
  [
    /^42501$/,
    "target_denies",
    "the role of TARGET_URL lacks a privilege in the target: `nexus preflight` says which",
  ],
];
