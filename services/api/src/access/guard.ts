/** Lets a request pass if its caller's role reaches what the route needs. */
import rateLimit from "@fastify/rate-limit";
import type { FastifyRequest, preHandlerHookHandler } from "fastify";
import { Problem, sendProblem } from "../answers/problem.ts";
import type { App } from "../server.ts";
import { callerOf } from "./caller.ts";
import { notOfThisMachine } from "./loopback.ts";
import { needOf, reaches } from "./roles.ts";
import type { Token } from "./tokens.ts";

export interface Access {
  /** If empty, anybody on this machine is an admin. */
  readonly tokens: readonly Token[];
  /** Of each token, and of each address without one. */
  readonly requestsPerMinute: number;
  /** Addresses and networks of proxies, whose `X-Forwarded-For` says who asks. None, if left out. */
  readonly trustedProxies?: readonly string[];
}

/** Guards every route that is added after it. A route without a line in `roles.ts` is a defect, and nothing starts. */
export function guardRoutes(app: App, access: Access): void {
  app.decorateRequest("caller", null);
  app.addHook("onRoute", ({ method, url }) => {
    for (const one of [method].flat())
      if (needOf(one, url) === undefined)
        throw new Error(`${one} ${url} needs a line in access/roles.ts: who may call it?`);
  });
  app.addHook("onRequest", async (request) => {
    request.caller = callerOf(request, access.tokens);
  });
  void app.register(rateLimit, {
    global: false,
    max: access.requestsPerMinute,
    timeWindow: 60_000,
    keyGenerator: ({ caller, ip }) =>
      access.tokens.length > 0 && caller ? `token ${caller.name}` : ip,
    allowList: ({ routeOptions }) =>
      routeOptions.url === "/healthz" || routeOptions.url === "/readyz",
    errorResponseBuilder: (_request, { ttl }) =>
      new Problem(429, "rate_limited", `too many requests: wait ${Math.ceil(ttl / 1_000)} s`),
  });
}

/** Once its parts are there, the guard stands before every route: the rate is counted, then the role is looked at. */
export function standGuard(app: App, access: Access): void {
  app.addHook("onRequest", app.rateLimit());
  app.addHook("onRequest", requireRole(access));
}

/** Before a byte of the body is read. */
function requireRole({ tokens }: Access): preHandlerHookHandler {
  return (request, reply, done) => {
    // Answered here: pages bring error handlers of their own.
    const refuse = (...problem: ConstructorParameters<typeof Problem>): void =>
      void sendProblem(reply, new Problem(...problem));
    const need = needOf(request.method, request.routeOptions.url ?? "");
    const foreign =
      tokens.length === 0 && need !== "public" ? notOfThisMachine(request) : undefined;
    if (foreign !== undefined) return void sendProblem(reply, foreign);
    if (need === undefined || need === "public") return done();
    if (request.caller === null) {
      const scheme = wantsPage(request) ? "Basic" : "Bearer";
      reply.header("www-authenticate", `${scheme} realm="nexus"`);
      return refuse(
        401,
        "unauthenticated",
        "send Authorization: Bearer and a token that the API knows",
      );
    }
    if (!reaches(request.caller.role, need))
      return refuse(403, "forbidden", `this needs the role ${need}`, { needs: need });
    return done();
  };
}

function wantsPage({ routeOptions }: FastifyRequest): boolean {
  return routeOptions.url?.startsWith("/queues") === true;
}
