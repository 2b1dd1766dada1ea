import { contract } from "@nexus/contract";
import { startEntity } from "@nexus/shared/ledger";
import { waive } from "../control/control.ts";
import { limitEntity } from "../control/limit-entity.ts";
import { requeue } from "../control/requeue.ts";
import { type Deps, namesOf } from "../deps.ts";
import { requireEntity } from "../answers/problem.ts";
import { done } from "../answers/refusal.ts";
import { by } from "../access/caller.ts";
import type { App } from "../server.ts";
import { optionsOf, startedAnswer } from "../runs/started.ts";

/** `/v1/entities/:entity`: what may be done with one entity. */
export function entityRoutes(app: App, deps: Deps): void {
  const { target } = deps;
  const names = namesOf(deps);

  app.post(
    "/v1/entities/:entity/start",
    { schema: contract["POST /v1/entities/:entity/start"] },
    async (request, reply) => {
      const { entity } = request.params;
      const { leaveStrangers, reason = null, ...asked } = request.body ?? {};
      requireEntity(entity, names);
      const options = optionsOf(deps, asked);
      const order = { ...options, leaveStrangers };
      const run = done(await startEntity(target, entity, order, by(request, reason), names));
      return await reply.code(201).send(await startedAnswer(deps, run, options));
    },
  );

  app.post(
    "/v1/entities/:entity/requeue",
    { schema: contract["POST /v1/entities/:entity/requeue"] },
    async (request) => {
      const { entity } = request.params;
      const { scope, because, reason = null } = request.body;
      requireEntity(entity, names);
      const result = done(
        await requeue(target, entity, { scope, because }, deps, by(request, reason), names),
      );
      return { runId: null, batches: 0, ...result };
    },
  );

  limitRoute(app, deps);

  app.post(
    "/v1/entities/:entity/waive",
    { schema: contract["POST /v1/entities/:entity/waive"] },
    async (request) => {
      const { entity } = request.params;
      requireEntity(entity, names);
      const { reason, withoutBackup } = request.body;
      const order = { ...by(request, reason), withoutBackup };
      return done(await waive(target, entity, order, names));
    },
  );
}

function limitRoute(app: App, deps: Deps): void {
  const names = namesOf(deps);
  app.post(
    "/v1/entities/:entity/limit",
    { schema: contract["POST /v1/entities/:entity/limit"] },
    async (request) => {
      const { entity } = request.params;
      const { reason, ...limits } = request.body;
      requireEntity(entity, names);
      return done(await limitEntity(deps.target, entity, limits, by(request, reason), names));
    },
  );
}
