/** Headers that keep browsers from doing what nobody asked for. */
import helmet from "@fastify/helmet";
import type { App } from "../server.ts";

/** Where helmet would let styles and fonts come from any server. */
const OURS_ALONE = {
  "style-src": ["'self'", "'unsafe-inline'"],
  "font-src": ["'self'", "data:"],
  "upgrade-insecure-requests": null,
};

/** Pages may load from here only; answers are for their caller alone and not kept. */
export function secureHeaders(app: App): void {
  void app.register(helmet, {
    contentSecurityPolicy: { directives: OURS_ALONE },
    hsts: false, // TLS ends in front of us: who ends it knows whether it lasts.
  });
  app.addHook("onRequest", async (_request, reply) => {
    reply.header("cache-control", "no-store");
  });
}
