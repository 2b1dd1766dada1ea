import { contract } from "@nexus/contract";
import { by } from "../access/caller.ts";
import { done } from "../answers/refusal.ts";
import { askSync, endSync } from "../control/ask-sync.ts";
import { type Deps, namesOf } from "../deps.ts";
import { viewOfSync } from "../queries/find-sync.ts";
import { optionsOf } from "../runs/started.ts";
import type { App } from "../server.ts";

/** `/v1/sync` */
export function syncRoutes(app: App, deps: Deps): void {
  const { target } = deps;

  app.post("/v1/sync", { schema: contract["POST /v1/sync"] }, async (request, reply) => {
    const { everySeconds, entities, skip, reason = null, ...options } = request.body;
    const order = { ...optionsOf(deps, options), entities, skip };
    const caller = by(request, reason);
    const { id } = done(await askSync(target, everySeconds, order, caller, namesOf(deps)));
    return await reply.code(201).send({ id });
  });

  app.get(
    "/v1/sync",
    { schema: contract["GET /v1/sync"] },
    async () => await viewOfSync(target, namesOf(deps)),
  );

  app.post("/v1/sync/stop", { schema: contract["POST /v1/sync/stop"] }, async (request) => {
    const caller = by(request, request.body?.reason ?? null);
    const { id, status } = done(await endSync(target, caller));
    return { id, status };
  });
}
