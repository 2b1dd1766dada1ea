/** A verification by the real services, waited for. */
import type { Client, Given, VerificationView } from "@nexus/contract";
import { eventually } from "@nexus/shared/testing";
import { expect } from "vitest";

/** Asks for it, and resolves once an extractor has done it. */
export async function verify(
  api: Client,
  body: Given<"POST /v1/verifications">["body"] = {},
): Promise<VerificationView> {
  const { id } = await api.call("POST /v1/verifications", { body });
  const params = { id: String(id) };
  const done = await eventually(() => api.call("GET /v1/verifications/:id", { params }), {
    until: ({ status }) => status !== "open",
    within: 120_000,
  });
  expect(done).toMatchObject({ status: "done", errorCode: null });
  return done;
}
