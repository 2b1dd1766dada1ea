/** `/v1/runs` and how a run is shown. */
import { runArrows, statusesOf } from "@nexus/shared/ledger";
import { z } from "zod";
import { entityName, listQuery, optionalBody, pageOf, reason, runParams } from "./parts.ts";
import { runFacts, runView } from "./run-view.ts";

const names = z.array(entityName).min(1).max(100);

export const started = z.object({
  runId: z.int(),
  entities: z.array(z.string()),
  warnings: z.array(z.string()),
});

const moved = runFacts.pick({ status: true }).extend({
  runId: z.int(),
  batches: z.int().meta({ description: "Batches that were taken back, or cancelled." }),
});

const move = (summary: string) =>
  ({
    summary,
    params: runParams,
    body: optionalBody({ reason: reason.optional() }),
    response: { 200: moved },
    problems: ["not_found", "wrong_status"],
  }) as const;

export const runs = {
  "POST /v1/runs": {
    summary: "Start a run",
    body: optionalBody({
      entities: names.optional(),
      skip: names.optional(),
      embeddings: z.boolean().optional(),
      dify: z
        .boolean()
        .optional()
        .meta({ description: "Whether changed content is offered to Dify; not, if left out." }),
      reason: reason.optional(),
    }),
    response: { 201: started },
    problems: ["unknown_entity", "nothing_selected", "run_active"],
  },
  "GET /v1/runs": {
    summary: "List runs, the newest first",
    querystring: listQuery({ status: z.enum(statusesOf(runArrows)).optional() }),
    response: { 200: pageOf(runFacts) },
  },
  "GET /v1/runs/:id": {
    summary: "Show a run and how far it is",
    params: runParams,
    response: { 200: runView },
    problems: ["not_found"],
  },
  "POST /v1/runs/:id/pause": move("Pause a run"),
  "POST /v1/runs/:id/resume": move("Resume a run"),
  "POST /v1/runs/:id/cancel": move("Cancel a run for good"),
} as const;
