import { z } from "zod";
import type { Deps } from "../deps.ts";
import type { App } from "../server.ts";

/** Milliseconds that each server has to answer. */
const PATIENCE_MS = 2_000;

const state = z.enum(["ok", "unavailable"]);
const readiness = z.object({ target: state, queue: state });

/** `/healthz`: the event loop turns, nothing else. `/readyz`: target and queue answer. */
export function healthRoutes(app: App, { target, transport }: Deps): void {
  app.get("/healthz", { schema: { response: { 200: z.object({ status: z.literal("ok") }) } } }, () => ({
    status: "ok" as const,
  }));

  app.get(
    "/readyz",
    { schema: { response: { 200: readiness, 503: readiness } } },
    async (_request, reply) => {
      const [targetState, queueState] = await Promise.all([
        answers(target.query("select 1")),
        answers(transport.ping()),
      ]);
      const ready = targetState === "ok" && queueState === "ok";
      return await reply.code(ready ? 200 : 503).send({ target: targetState, queue: queueState });
    },
  );
}

async function answers(call: Promise<unknown>): Promise<z.infer<typeof state>> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<"unavailable">((resolve) => {
    timer = setTimeout(() => resolve("unavailable"), PATIENCE_MS);
  });
  const answered = call.then(
    () => "ok" as const,
    () => "unavailable" as const,
  );
  return await Promise.race([answered, late]).finally(() => clearTimeout(timer));
}
