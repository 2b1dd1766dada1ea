/** Who asks: the owner of a token, or anybody on this machine while there are no tokens. */
import type { By } from "@nexus/shared/ledger";
import type { FastifyRequest } from "fastify";
import type { Role } from "./roles.ts";
import { ownerOf, type Token } from "./tokens.ts";

export interface Caller {
  readonly name: string;
  readonly role: Role;
}

declare module "fastify" {
  interface FastifyRequest {
    /** Null for an unknown caller. */
    caller: Caller | null;
  }
}

/** The caller of a request; null when it shows no token that is known. */
export function callerOf(request: FastifyRequest, tokens: readonly Token[]): Caller | null {
  if (tokens.length === 0) return { name: claimed(request), role: "admin" };
  const presented = presentedIn(request);
  return (presented === undefined ? undefined : ownerOf(tokens, presented)) ?? null;
}

/** Who asked for a change, and why, for the audit log. The guard has let the request pass. */
export function by<R extends string | null>(
  request: FastifyRequest,
  reason: R,
): By & { readonly reason: R } {
  const requestKey = request.claimed?.key;
  const actor = request.caller?.name ?? "unverified";
  return requestKey === undefined ? { actor, reason } : { actor, reason, requestKey };
}

/** Pages cannot set a bearer token. For them a browser sends the token as the password of any user name. */
function presentedIn(request: FastifyRequest): string | undefined {
  const [scheme = "", value = ""] = (request.headers.authorization ?? "").split(" ");
  if (/^bearer$/i.test(scheme)) return value;
  if (!/^basic$/i.test(scheme) || request.routeOptions.url?.startsWith("/queues") !== true)
    return undefined;
  return Buffer.from(value, "base64").toString().split(":").slice(1).join(":");
}

/** Without tokens nobody is known: the name that a client gives is kept as what it is, a claim. */
function claimed(request: FastifyRequest): string {
  const name = request.headers["x-nexus-actor"];
  return typeof name === "string" && /^[\w.@-]{1,64}$/.test(name)
    ? `unverified:${name}`
    : "unverified";
}
