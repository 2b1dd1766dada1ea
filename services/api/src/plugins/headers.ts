/** Headers that keep browsers from doing what nobody asked for. */
import helmet from "@fastify/helmet";
import type { App } from "../server.ts";

/** Pages may load from here only; answers are for their caller alone and not kept. */
export function secureHeaders(app: App): void {
  void app.register(helmet, {
    contentSecurityPolicy: { directives: { "upgrade-insecure-requests": null } },
    hsts: false, // TLS ends in front of us: who ends it knows whether it lasts.
  });
  app.addHook("onRequest", async (_request, reply) => {
    reply.header("cache-control", "no-store");
  });
}
