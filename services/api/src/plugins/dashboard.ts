/** The dashboard: built files from our own folder. Nothing is loaded from elsewhere. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import files from "@fastify/static";
import type { App } from "../server.ts";

const NOT_BUILT = `<!doctype html><html lang="en"><title>Smile Nexus Migration</title>
<h1>The dashboard is not built</h1><p>The API runs. Run <code>npm run build</code>, then start it again.</p>
<p><a href="/docs">The API's documentation</a> is there without it.</p></html>`;

/** Where `vite build` puts it. */
const BUILT = join(
  dirname(fileURLToPath(import.meta.resolve("@nexus/dashboard/package.json"))),
  "dist",
  "web",
);

/** `GET /` and the files that its page names. These have a hash in their names, and browsers keep them; the page itself is asked for anew. */
export function serveDashboard(app: App, folder = BUILT): void {
  if (!existsSync(join(folder, "index.html"))) {
    app.log.warn("the dashboard is not built: run npm run build");
    app.get("/", { schema: { hide: true } }, async (_request, reply) =>
      reply.code(503).type("text/html; charset=utf-8").send(NOT_BUILT),
    );
    return;
  }
  void app.register(files, {
    root: join(folder, "assets"),
    prefix: "/assets/",
    index: false,
    cacheControl: false,
    schemaHide: true,
    setHeaders: (reply, path) => {
      const age = path.endsWith("index.html") ? "no-cache" : "public, max-age=31536000, immutable";
      void reply.header("cache-control", age);
    },
  });
  app.get("/", { schema: { hide: true } }, async (_request, reply) =>
    reply.sendFile("index.html", folder),
  );
}
