import * as sdk from "@aws-sdk/client-bedrock-runtime";
import { describe, expect, it } from "vitest";
import { classifyBedrockError } from "./bedrock-failures.ts";

const meta = (httpStatusCode: number) => ({
  message: "secret of a patient",
  $metadata: { httpStatusCode },
});
const invalid = (message: string) => new sdk.ValidationException({ ...meta(400), message });
const named = (name: string, status?: number) =>
  Object.assign(new Error("secret of a patient"), { name, $metadata: { httpStatusCode: status } });
const system = (code: string) => Object.assign(new Error("secret of a patient"), { code });
const responding = (headers: Record<string, string>) =>
  Object.assign(new sdk.ThrottlingException(meta(429)), { $response: { headers } });

const cases: readonly (readonly [Error, string, string])[] = [
  [new sdk.ThrottlingException(meta(429)), "throttled", "ThrottlingException"],
  [new sdk.ModelNotReadyException(meta(429)), "throttled", "ModelNotReadyException"],
  [new sdk.ModelTimeoutException(meta(408)), "retry", "ModelTimeoutException"],
  [new sdk.ModelErrorException(meta(424)), "retry", "ModelErrorException"],
  [new sdk.InternalServerException(meta(500)), "retry", "InternalServerException"],
  [new sdk.ServiceUnavailableException(meta(503)), "retry", "ServiceUnavailableException"],
  [new sdk.ServiceQuotaExceededException(meta(400)), "stop", "ServiceQuotaExceededException"],
  [new sdk.AccessDeniedException(meta(403)), "stop", "AccessDeniedException"],
  [new sdk.ResourceNotFoundException(meta(404)), "stop", "ResourceNotFoundException"],
  [
    invalid("400 Bad Request: Too many input tokens. Max input tokens: 8192"),
    "item",
    "ValidationException",
  ],
  [
    invalid("Malformed input request: expected minLength: 1, actual: 0"),
    "item",
    "ValidationException",
  ],
  [invalid("Operation not allowed"), "stop", "ValidationException"],
  [invalid("The provided model identifier is invalid."), "stop", "ValidationException"],
  [
    invalid("Invocation of model ID x with on-demand throughput isn't supported."),
    "stop",
    "ValidationException",
  ],
  [named("Unknown", 429), "throttled", "Unknown"],
  [named("Unknown", 413), "item", "Unknown"],
  [named("ExpiredTokenException", 403), "stop", "ExpiredTokenException"],
  [named("SyntaxError", 200), "retry", "MalformedResponse"],
  [named("SyntaxError", 502), "retry", "MalformedResponse"],
  [named("CredentialsProviderError"), "stop", "CredentialsProviderError"],
  [system("ECONNRESET"), "retry", "ECONNRESET"],
  [system("ECONNREFUSED"), "retry", "ECONNREFUSED"],
  [system("ENOTFOUND"), "retry", "ENOTFOUND"],
  [Object.assign(system("ETIMEDOUT"), { name: "TimeoutError" }), "retry", "ETIMEDOUT"],
  [new Error("request could not be signed"), "stop", "Error"],
];

describe("an error of the SDK", () => {
  it.each(cases)("%s means %s (%s), and keeps nothing of its message", (error, kind, code) => {
    const failure = classifyBedrockError(error);
    expect(failure).toMatchObject({ kind, code, retryAfterMs: null });
    expect(failure.cause).toBeUndefined();
    expect(`${failure.message} ${failure.stack}`).not.toContain("secret");
  });

  it("says how long to stay away, in milliseconds or seconds", () => {
    expect(classifyBedrockError(responding({ "x-amz-retry-after": "1500" })).retryAfterMs).toBe(
      1500,
    );
    expect(classifyBedrockError(responding({ "retry-after": "2.5" })).retryAfterMs).toBe(2500);
    expect(
      classifyBedrockError(responding({ "retry-after": "Fri, 31 Dec 2027 23:59:59 GMT" }))
        .retryAfterMs,
    ).toBeNull();
  });

  it("is believed its name only if that is a plain word", () => {
    expect(classifyBedrockError(named("Jane Doe, tooth 12", 500)).code).toBe("Unknown");
    expect(classifyBedrockError("thrown text").code).toBe("Unknown");
  });
});
