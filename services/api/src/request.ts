/** Who does it, and why: for the audit log. */
import type { By } from "@nexus/shared/ledger";
import type { FastifyRequest } from "fastify";

/** The guard let this caller pass. */
export function by<R extends string | null>(request: FastifyRequest, reason: R): By & { readonly reason: R } {
  return { actor: request.caller?.name ?? "unverified", reason };
}
