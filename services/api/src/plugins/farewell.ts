/** Closing waits for every connection: those that are answered last must not be kept for a question that never comes. */
import type { App } from "../server.ts";

/** Whoever is answered while the server closes is told to come back on another connection, to another process. */
export function sayFarewell(app: App): void {
  let closing = false;
  app.addHook("preClose", async () => {
    closing = true;
  });
  app.addHook("onSend", async (_request, reply) => {
    if (closing) reply.header("connection", "close");
  });
}
