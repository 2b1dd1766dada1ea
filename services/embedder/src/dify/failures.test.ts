import { describe, expect, it } from "vitest";
import { failureOf } from "./failures.ts";

const RATE = "Sorry, you have reached the knowledge base request rate limit of your subscription.";

describe("a refusal of Dify", () => {
  it.each([
    [403, "forbidden", RATE, "throttled", "rate_limit"],
    [429, "too_many_requests", "", "throttled", "too_many_requests"],
    [429, "rate_limit_error", "", "stop", "rate_limit_error"],
    [
      403,
      "forbidden",
      "The number of documents has reached the limit of your subscription.",
      "stop",
      "plan_limit",
    ],
    [
      403,
      "forbidden",
      "The capacity of the vector space has reached the limit.",
      "stop",
      "plan_limit",
    ],
    [403, "forbidden", "Dataset api access is not enabled.", "closed", "api_access_off"],
    [403, "forbidden", "", "stop", "forbidden"],
    [403, "archived_document_immutable", "", "item", "archived_document_immutable"],
    [401, "unauthorized", "", "stop", "unauthorized"],
    [400, "invalid_param", "", "item", "invalid_param"],
    [400, "provider_not_initialize", "", "stop", "provider_not_initialize"],
    [400, "document_indexing", "", "busy", "document_indexing"],
    [404, "not_found", "", "gone", "not_found"],
    [404, undefined, "", "stop", "http_404"],
    [409, "dataset_name_duplicate", "", "taken", "dataset_name_duplicate"],
    [413, "file_too_large", "", "item", "file_too_large"],
    [408, undefined, "", "retry", "http_408"],
    [500, "internal_server_error", "", "retry", "internal_server_error"],
    [502, undefined, "", "retry", "http_502"],
    [301, undefined, "", "stop", "http_301"],
    [418, undefined, "", "stop", "http_418"],
  ] as const)("with %i %s '%s' is of kind %s", (status, code, message, kind, known) => {
    expect(failureOf({ status, code, message })).toMatchObject({ kind, code: known });
  });

  it("passes nothing on that may quote what was sent", () => {
    const quoting = {
      status: 400,
      code: "Wilhelmina Zzyzx",
      message: "Wilhelmina Zzyzx is no name",
    };
    const failure = failureOf(quoting);
    expect(`${failure.message} ${failure.code} ${failure.stack}`).not.toContain("Zzyzx");
    expect(failure.code).toBe("http_400");
  });
});
