import { requeue, startEntity, waive } from "@nexus/shared/ledger";
import { z } from "zod";
import { type Deps, namesOf } from "../deps.ts";
import { requireEntity } from "../problem.ts";
import { done } from "../refusal.ts";
import { body, by, entityParams, reason } from "../request.ts";
import type { App } from "../server.ts";
import { backupWarning } from "../warnings.ts";

const startBody = body({ embeddings: z.boolean().optional(), reason: reason.optional() });
const started = z.object({ runId: z.int(), entities: z.array(z.string()), warnings: z.array(z.string()) });
const requeueBody = body({
  scope: z.enum(["failed", "rejected", "parked", "all"]),
  reason: reason.optional(),
})
  .unwrap()
  .unwrap();
const requeued = z.object({
  /** `requeued` in the active run; `repair_started`: a run was created for it; `nothing_to_requeue`: nothing was changed. */
  kind: z.enum(["requeued", "repair_started", "nothing_to_requeue"]),
  runId: z.int().nullable(),
  batches: z.int(),
});
const waiveBody = body({ reason }).unwrap().unwrap();
const waived = z.object({ runId: z.int(), entity: z.string() });

/** `/v1/entities/:entity`: what may be done with one entity. */
export function entityRoutes(app: App, deps: Deps): void {
  const { target, codes } = deps;
  const names = namesOf(deps);

  app.post(
    "/v1/entities/:entity/start",
    { schema: { params: entityParams, body: startBody, response: { 201: started } } },
    async (request, reply) => {
      const { entity } = request.params;
      const { embeddings = true, reason = null } = request.body ?? {};
      requireEntity(entity, names);
      const run = done(await startEntity(target, entity, { embeddings, codes }, by(request, reason), names));
      const warnings = [backupWarning(deps, run.runId)];
      return await reply.code(201).send({ runId: run.runId, entities: [...run.entities], warnings });
    },
  );

  app.post(
    "/v1/entities/:entity/requeue",
    { schema: { params: entityParams, body: requeueBody, response: { 200: requeued } } },
    async (request) => {
      const { entity } = request.params;
      const { scope, reason = null } = request.body;
      requireEntity(entity, names);
      const result = done(await requeue(target, entity, scope, { codes }, by(request, reason), names));
      return { runId: null, batches: 0, ...result };
    },
  );

  app.post(
    "/v1/entities/:entity/waive",
    { schema: { params: entityParams, body: waiveBody, response: { 200: waived } } },
    async (request) => {
      const { entity } = request.params;
      requireEntity(entity, names);
      return done(await waive(target, entity, by(request, request.body.reason), names));
    },
  );
}
