/** Without tokens the API answers this machine only, and no web page but its own that is open on it. */
import { ConfigurationError } from "@nexus/shared/config";
import type { FastifyRequest } from "fastify";
import { Problem } from "../answers/problem.ts";
import type { Token } from "./tokens.ts";

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i;

/** Throws `ConfigurationError` where others than this machine could reach an API without tokens. */
export function requireTokensBeyondLoopback(host: string, tokens: readonly Token[]): void {
  if (tokens.length > 0 || LOOPBACK.test(host)) return;
  throw new ConfigurationError(
    "API_HOST is more than loopback and API_TOKENS is empty: whoever reaches the port would command the migration; set API_TOKENS",
  );
}

/** What proxies say of who asked them. Whoever asks from this machine itself sends none of it. */
const FORWARDED =
  /^(forwarded|via|x-(forwarded|original|envoy|amzn)-.*|x-forwarded|x-real-ip|x-client-ip|x-cluster-client-ip|cf-.*|true-client-ip|fastly-client-ip)$/;

/** The problem of a request that a proxy passed on, of a page of another origin, and of a name that was made to point here. Undefined: let it pass. */
export function notOfThisMachine({ headers, socket }: FastifyRequest): Problem | undefined {
  if (Object.keys(headers).some((name) => FORWARDED.test(name)))
    return new Problem(
      403,
      "foreign_origin",
      "there are no tokens, so only this machine is answered, and a proxy passed this on for somebody else: set API_TOKENS",
    );
  if (isFromHere(socket) && isForHere(headers)) return undefined;
  return new Problem(
    403,
    "foreign_origin",
    "there are no tokens, so only this machine is answered: call it by its loopback address, or set API_TOKENS",
  );
}

function isFromHere({ remoteAddress = "" }: FastifyRequest["socket"]): boolean {
  return LOOPBACK.test(remoteAddress.replace(/^::ffff:/, ""));
}

function isForHere(headers: FastifyRequest["headers"]): boolean {
  const host = hostIn(`http://${headers.host ?? ""}`);
  if (
    host === undefined ||
    !LOOPBACK.test(host.hostname) ||
    headers["sec-fetch-site"] === "cross-site"
  )
    return false;
  return headers.origin === undefined || hostIn(headers.origin)?.host === host.host;
}

/** Not as Fastify reads it: with TRUST_PROXY that would be what a header says. */
function hostIn(url: string): URL | undefined {
  return URL.canParse(url) ? new URL(url) : undefined;
}
