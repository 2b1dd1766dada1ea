/** One span for each request to `/v1`, below the caller's own if it sends a `traceparent`. See docs/tracing.md. */
import { requestTracing, type RequestSpan } from "@nexus/shared/telemetry";
import type { FastifyRequest } from "fastify";
import type { App } from "../server.ts";

/** Lasts as long as somebody reads, and asks the target every second: its trace would never end. */
const ENDLESS = "/v1/progress/stream";

export function traceRequests(app: App): void {
  const open = requestTracing();
  if (open === undefined) return;
  const spans = new WeakMap<FastifyRequest, RequestSpan>();

  app.addHook("onRequest", (request, _reply, done) => {
    const { traceparent } = request.headers;
    const route = request.routeOptions.url ?? "";
    if (route.startsWith("/v1/") && route !== ENDLESS)
      spans.set(
        request,
        open(request.method, typeof traceparent === "string" ? traceparent : undefined),
      );
    done();
  });

  // Not in onRequest: a body arrives by events of the socket, which know nothing of what was under way there.
  app.addHook("preHandler", (request, _reply, done) => {
    const span = spans.get(request);
    if (span === undefined) done();
    else span.enter(done);
  });

  app.addHook("onResponse", async (request, reply) => {
    spans.get(request)?.end(request.routeOptions.url ?? "", reply.statusCode);
  });
}
