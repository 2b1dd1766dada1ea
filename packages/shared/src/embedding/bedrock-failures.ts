/** From an error of the AWS SDK to what happens next. Statuses: Amazon Bedrock API reference, InvokeModel, "Errors". */
import { EmbeddingFailure, type FailureKind } from "./errors.ts";

/** What decides, before the HTTP status. */
const KIND_BY_NAME: ReadonlyMap<string, FailureKind> = new Map([
  ["ThrottlingException", "throttled"],
  ["TooManyRequestsException", "throttled"],
  ["ModelNotReadyException", "throttled"],
  ["ModelTimeoutException", "retry"],
  ["ModelErrorException", "retry"],
  ["ServiceQuotaExceededException", "stop"],
  // Not of the server, but of the SDK, before anything is sent.
  ["CredentialsProviderError", "stop"],
  ["TokenProviderError", "stop"],
]);

/** Of the statuses from 400 to 499, those that do not stop the pool; a 400 depends on its message. */
const KIND_BY_STATUS: ReadonlyMap<number, FailureKind> = new Map([
  [408, "retry"],
  [413, "item"],
  [424, "retry"],
  [429, "throttled"],
]);

/** Validation errors that no other text would escape: entitlement, model and request, not the text. */
const NOT_THE_TEXT =
  /not allowed|model identifier|on-demand throughput|extraneous key|required key|not supported/i;

/** The failure that `error`, thrown by the SDK, stands for. Only its name, status and headers are looked at and kept. */
export function classifyBedrockError(error: unknown): EmbeddingFailure {
  const name = codeOf(error);
  const status = statusOf(error);
  return new EmbeddingFailure(
    KIND_BY_NAME.get(name) ?? kindByStatus(status, error),
    name,
    retryAfterOf(error),
    isTooLong(error),
  );
}

function kindByStatus(status: number | undefined, error: unknown): FailureKind {
  if (status === undefined) return isOfTheConnection(error) ? "retry" : "stop";
  // With a good status, the answer broke off or is malformed.
  if (status < 400 || status >= 500) return "retry";
  if (status === 400 && isAboutTheText(error)) return "item";
  return KIND_BY_STATUS.get(status) ?? "stop";
}

/** `Too many input tokens. Max input tokens: 8192, request input token count: 8301`, and `expected maxLength: 50000, actual: 50001`. */
const TOO_MUCH = /too many (?:input )?tokens|max(?:imum)? (?:input )?tokens|expected maxLength/i;

function isTooLong(error: unknown): boolean {
  return (
    error instanceof Error && error.name === "ValidationException" && TOO_MUCH.test(error.message)
  );
}

/** Without an answer, what is no system error (they have codes) is one of configuration, which every text would meet. */
function isOfTheConnection(error: unknown): boolean {
  return wordAt(error, "code") !== undefined;
}

function isAboutTheText(error: unknown): boolean {
  return (
    error instanceof Error &&
    error.name === "ValidationException" &&
    !NOT_THE_TEXT.test(error.message)
  );
}

/**
 * A system error's code, or an exception's name. The SDK renames broken connections to TimeoutError, so the code goes first.
 * The name may come from a header of the response: only a plain word is believed.
 */
function codeOf(error: unknown): string {
  const code = wordAt(error, "code") ?? wordAt(error, "name") ?? "Unknown";
  return code === "SyntaxError" ? "MalformedResponse" : code;
}

function wordAt(error: unknown, key: string): string | undefined {
  const value = at(error, key);
  return typeof value === "string" && /^\w{1,60}$/.test(value) ? value : undefined;
}

function statusOf(error: unknown): number | undefined {
  const status = at(at(error, "$metadata"), "httpStatusCode");
  return typeof status === "number" ? status : undefined;
}

/** `x-amz-retry-after` in milliseconds, or `retry-after` in seconds; dates are not used by AWS. */
function retryAfterOf(error: unknown): number | null {
  const headers = at(at(error, "$response"), "headers");
  const ms = at(headers, "x-amz-retry-after");
  if (isCount(ms)) return Number(ms);
  const seconds = at(headers, "retry-after");
  return isCount(seconds) ? Math.ceil(Number(seconds) * 1000) : null;
}

function isCount(value: unknown): value is string {
  return typeof value === "string" && /^\d+(\.\d+)?$/.test(value);
}

function at(value: unknown, key: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined;
}
