/** Without tokens the API answers this machine only, and no web page but its own that is open on it. */
import { ConfigurationError } from "@nexus/shared/config";
import type { FastifyRequest } from "fastify";
import { Problem } from "../problem.ts";
import type { Token } from "./tokens.ts";

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i;

/** Throws `ConfigurationError` where others than this machine could reach an API without tokens. */
export function requireTokensBeyondLoopback(host: string, tokens: readonly Token[]): void {
  if (tokens.length > 0 || LOOPBACK.test(host)) return;
  throw new ConfigurationError(
    "API_HOST is more than loopback and API_TOKENS is empty: whoever reaches the port would command the migration; set API_TOKENS",
  );
}

/** Throws a problem for a page of another origin, and for a name that was made to point here. */
export function requireThisMachine(request: FastifyRequest): void {
  const origin = request.headers.origin;
  const own = origin === undefined || (URL.canParse(origin) && new URL(origin).host === request.host);
  if (own && LOOPBACK.test(request.hostname)) return;
  throw new Problem(
    403,
    "foreign_origin",
    "there are no tokens, so only this machine is answered: call it by its loopback address, or set API_TOKENS",
  );
}
