/** `/v1/runs` and how a run is shown. */
import { RUN_MODES, runArrows, statusesOf } from "@nexus/shared/states";
import { z } from "zod";
import { forecast } from "./forecast.ts";
import {
  afterCutover,
  entityName,
  instant,
  leaveStrangers,
  listQuery,
  optionalBody,
  pageOf,
  reason,
  runParams,
} from "./parts.ts";
import { runFacts, runView } from "./run-view.ts";

/** A share of an entity's rows, in percent. */
export const percent = z.number().min(0).max(100);

const names = z.array(entityName).min(1).max(100);

export const started = z.object({
  runId: z.int(),
  entities: z.array(z.string()),
  warnings: z.array(z.string()),
  forecast: forecast.nullable().meta({
    description: "What embedding this run will cost and take. Null if the run has no embeddings.",
  }),
});

const moved = runFacts.pick({ status: true }).extend({
  runId: z.int(),
  batches: z.int().meta({ description: "The number of batches that were withdrawn or cancelled." }),
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
      embeddings: z.boolean().optional().meta({
        description: "Whether content is embedded. Default: the API's variable EMBEDDINGS.",
      }),
      dify: z.boolean().optional().meta({
        description: "Whether content is sent to Dify. Default: the API's variable DIFY.",
      }),
      accounts: z.boolean().optional().meta({
        description:
          "Whether users get accounts of Supabase Auth. Default: the API's variable ACCOUNTS.",
      }),
      lossPercent: percent.optional().meta({
        description:
          "How many percent of an entity's rows may be lost unforeseen before it stops. Default: the API's variable LOSS_PERCENT.",
      }),
      leaveStrangers,
      afterCutover,
      mode: z.enum(RUN_MODES).optional().meta({
        description:
          "`full`, the default, reads every row of the source. `delta` reads only those that changed since they were loaded, as the fingerprints tell that runs take.",
      }),
      reason: reason.optional(),
    }),
    response: { 201: started },
    problems: [
      "unknown_entity",
      "nothing_selected",
      "run_active",
      "adoption_open",
      "rollback_open",
      "strangers",
      "target_unfit",
      "cutover_open",
      "cut_over",
    ],
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
    summary: "Show how many rows were processed over the run's time, in up to 60 slices",
    params: runParams,
    response: {
      200: z.object({
        from: instant
          .nullable()
          .meta({ description: "The start of the first slice. Null before the first batch." }),
        sliceSeconds: z.number(),
        slices: z.array(z.int()).meta({
          description: "For each slice, the rows read by the batches that finished in it.",
        }),
      }),
    },
    problems: ["not_found"],
  },
  "POST /v1/runs/:id/pause": move("Pause a run"),
  "POST /v1/runs/:id/resume": move("Resume a run"),
  "POST /v1/runs/:id/cancel": move("Cancel a run for good"),
} as const;
