/** One line for each request: its route, never its address or body. Reads are for debugging, changes are for the record. */
import type { App } from "../server.ts";

export function logRequests(app: App): void {
  app.addHook("onResponse", async (request, reply) => {
    const facts = {
      method: request.method,
      route: request.routeOptions.url,
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime),
    };
    if (request.method === "POST") request.log.info(facts, "answered");
    else request.log.debug(facts, "answered");
  });
}
