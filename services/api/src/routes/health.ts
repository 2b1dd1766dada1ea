import { contract } from "@nexus/contract";
import { readinessOf } from "@nexus/shared/runtime";
import { Problem } from "../answers/problem.ts";
import type { Deps } from "../deps.ts";
import type { App } from "../server.ts";

/** `/healthz`: the event loop turns, nothing else. `/readyz`: target and queue answer. */
export function healthRoutes(app: App, deps: Deps): void {
  app.get("/healthz", { schema: contract["GET /healthz"] }, () => ({
    status: "ok" as const,
  }));

  app.get("/readyz", { schema: contract["GET /readyz"] }, async () => {
    const states = await readinessOf(checksOf(deps));
    const ready = states.target === "ok" && states.queue === "ok";
    if (!ready)
      throw new Problem(503, "not_ready", "the target or the queue does not answer", states);
    return states;
  });
}

/** What must answer for the API to be ready. */
export function checksOf({ target, transport }: Pick<Deps, "target" | "transport">) {
  return { target: () => target.query("select 1"), queue: () => transport.ping() };
}
