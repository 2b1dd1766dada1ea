import type { IncomingHttpHeaders } from "node:http";
import { type Answer, refusal } from "./answers.ts";

const SIGNATURE_V4 =
  /^AWS4-HMAC-SHA256 Credential=[^/\s]+\/\d{8}\/[a-z0-9-]+\/bedrock\/aws4_request, SignedHeaders=[a-z0-9;-]+, Signature=[0-9a-f]{64}$/;

/** Refuses what the SDK would not have sent. The signature's shape is checked, not the signature: the stand-in has no secrets. */
export function refuseUnsigned(headers: IncomingHttpHeaders): Answer | undefined {
  const { authorization } = headers;
  if (authorization === undefined)
    return refusal(403, "MissingAuthenticationTokenException", "Missing Authentication Token");
  if (authorization.startsWith("Bearer "))
    return refusal(
      403,
      "AccessDeniedException",
      "Authentication failed: this stand-in has no API keys.",
    );
  if (!SIGNATURE_V4.test(authorization) || headers["x-amz-date"] === undefined)
    return refusal(
      403,
      "IncompleteSignatureException",
      "The request signature does not conform to AWS standards.",
    );
  return undefined;
}
