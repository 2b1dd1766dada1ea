/** The parts of requests that several routes share. */
import type { By } from "@nexus/shared/ledger";
import type { FastifyRequest } from "fastify";
import { z } from "zod";

/** A body that may be left out, and that refuses members it does not know by naming those that it does. */
export function body<S extends z.ZodRawShape>(shape: S) {
  const known = Object.keys(shape).join(", ");
  return z
    .strictObject(shape, {
      error: (issue) =>
        issue.code === "unrecognized_keys"
          ? `${issue.keys?.join(", ")} is not known; known are ${known}`
          : undefined,
    })
    .nullish();
}

/** Why something is done: kept in the audit log. */
export const reason = z.string().trim().min(1).max(500);

export const runParams = z.object({
  id: z
    .string()
    .regex(/^\d{1,9}$/, "must be the number of a run")
    .transform(Number),
});

export const entityParams = z.object({ entity: z.string().max(63) });

/** Until there are tokens nobody is known: the name that a client gives is kept as what it is, a claim. */
export function by<R extends string | null>(request: FastifyRequest, reason: R): By & { readonly reason: R } {
  const name = request.headers["x-nexus-actor"];
  const claimed = typeof name === "string" && /^[\w.@-]{1,64}$/.test(name);
  return { actor: claimed ? `unverified:${name}` : "unverified", reason };
}
