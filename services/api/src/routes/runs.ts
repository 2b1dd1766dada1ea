import { cancelRun, pauseRun, resumeRun, startRun } from "@nexus/shared/ledger";
import { z } from "zod";
import { type Deps, namesOf } from "../deps.ts";
import { forecast, forecastOf } from "../forecast.ts";
import { Problem } from "../problem.ts";
import { viewOf } from "../progress.ts";
import { findRunFacts } from "../queries/find-run.ts";
import { done } from "../refusal.ts";
import { body, by, reason, runParams } from "../request.ts";
import { runFacts, runView } from "../run-view.ts";
import type { App } from "../server.ts";
import { backupWarning } from "../warnings.ts";

const names = z.array(z.string().max(63)).min(1).max(100);
const newRun = body({
  entities: names.optional(),
  skip: names.optional(),
  embeddings: z.boolean().optional(),
  reason: reason.optional(),
});
const started = z.object({
  runId: z.int(),
  entities: z.array(z.string()),
  warnings: z.array(z.string()),
  /** Of its embeddings; null without. */
  forecast: forecast.nullable(),
});
const moved = runFacts.pick({ status: true }).extend({
  runId: z.int(),
  /** Batches that were taken back, or cancelled. */
  batches: z.int(),
});

/** `/v1/runs` */
export function runRoutes(app: App, deps: Deps): void {
  const { target, codes } = deps;

  app.post("/v1/runs", { schema: { body: newRun, response: { 201: started } } }, async (request, reply) => {
    const { entities, skip, embeddings = true, reason = null } = request.body ?? {};
    const order = { entities, skip, embeddings, codes };
    const run = done(await startRun(target, order, by(request, reason), namesOf(deps)));
    const warnings = [backupWarning(deps, run.runId)];
    const toCome = embeddings ? await forecastOf(target) : null;
    return await reply
      .code(201)
      .send({ runId: run.runId, entities: [...run.entities], warnings, forecast: toCome });
  });

  app.get("/v1/runs/:id", { schema: { params: runParams, response: { 200: runView } } }, async (request) => {
    const run = await findRunFacts(target, request.params.id);
    if (run === undefined) throw new Problem(404, "not_found", `there is no run ${request.params.id}`);
    return await viewOf(target, deps.entities, run);
  });

  for (const [verb, operation] of Object.entries({ pause: pauseRun, resume: resumeRun, cancel: cancelRun }))
    app.post(
      `/v1/runs/:id/${verb}`,
      { schema: { params: runParams, body: body({ reason: reason.optional() }), response: { 200: moved } } },
      async (request) =>
        done(await operation(target, request.params.id, by(request, request.body?.reason ?? null))),
    );
}
