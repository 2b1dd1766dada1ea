/** `/v1/runs` and how a run is shown. */
import { runArrows, statusesOf } from "@nexus/shared/states";
import { z } from "zod";
import { forecast } from "./forecast.ts";
import { entityName, instant, listQuery, optionalBody, pageOf, reason, runParams } from "./parts.ts";
import { runFacts, runView } from "./run-view.ts";

/** A share of an entity's rows. */
export const percent = z.number().min(0).max(100);

const names = z.array(entityName).min(1).max(100);

export const started = z.object({
  runId: z.int(),
  entities: z.array(z.string()),
  warnings: z.array(z.string()),
  forecast: forecast.nullable().meta({ description: "Of its embeddings; null without." }),
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
      embeddings: z.boolean().optional().meta({ description: "Left out: as EMBEDDINGS of the API says." }),
      dify: z.boolean().optional().meta({ description: "Left out: as DIFY of the API says." }),
      lossPercent: percent.optional().meta({ description: "Left out: as LOSS_PERCENT of the API says." }),
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
  "GET /v1/runs/:id/throughput": {
    summary: "Show how many rows were dealt with when, in up to 60 slices of the run's time",
    params: runParams,
    response: {
      200: z.object({
        from: instant
          .nullable()
          .meta({ description: "The start of the first slice; null before the first batch." }),
        sliceSeconds: z.number(),
        slices: z
          .array(z.int())
          .meta({ description: "Rows read by the batches that were done in each slice." }),
      }),
    },
    problems: ["not_found"],
  },
  "POST /v1/runs/:id/pause": move("Pause a run"),
  "POST /v1/runs/:id/resume": move("Resume a run"),
  "POST /v1/runs/:id/cancel": move("Cancel a run for good"),
} as const;
