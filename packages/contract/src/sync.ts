/** `/v1/sync`: following a live source, a delta after the other. */
import { z } from "zod";
import { entityName, instant, optionalBody, reason, requiredBody } from "./parts.ts";
import { runFacts } from "./run-view.ts";
import { percent } from "./runs.ts";

const names = z.array(entityName).min(1).max(100);

const source = z.object({
  ms: z.int().meta({ description: "Milliseconds in which it answered last." }),
  limitMs: z
    .int()
    .meta({ description: "The most that is accepted: the extractor's SYNC_SOURCE_LATENCY." }),
  measuredAt: instant.meta({
    description: "It is looked at before a delta and while one runs.",
  }),
  pausedSince: instant.nullable().meta({
    description: "Since when deltas wait for it to answer faster. Null: they do not.",
  }),
});

const following = z.object({
  id: z.int(),
  everySeconds: z.int(),
  entities: names.nullable().meta({ description: "Null: all but those that are skipped." }),
  skip: z.array(entityName),
  actor: z.string(),
  reason: z.string().nullable(),
  since: instant,
  deltas: z.int().meta({ description: "How many were begun." }),
  run: runFacts
    .pick({ id: true, status: true, errorCode: true })
    .nullable()
    .meta({ description: "The newest of them." }),
  nextAt: instant.nullable().meta({
    description: "When the next is due, if nothing else is under way then. Null: it was stopped.",
  }),
  waitsFor: z
    .string()
    .nullable()
    .meta({ description: "What a delta that is due waits for. Null: for nothing." }),
  source: source.nullable().meta({ description: "Null before it was looked at." }),
  stopped: z
    .object({
      at: instant,
      by: z.string(),
      code: z.string().meta({ description: "`asked`, or what has ended it." }),
      says: z.string(),
      reason: z.string().nullable(),
    })
    .nullable()
    .meta({ description: "Null: it goes on." }),
});

const view = z.object({
  following: following
    .nullable()
    .meta({ description: "What is followed, or was last. Null: nothing ever was." }),
  lag: z
    .array(
      z.object({
        entity: z.string(),
        seconds: z.number().nullable(),
        runId: z.int().nullable(),
      }),
    )
    .meta({
      description:
        "By entity, the age of what the target has certainly seen: whatever was committed in the source before then is in the target, or an exception. Null: nothing is known.",
    }),
});

export const sync = {
  "POST /v1/sync": {
    summary: "Follow the source: a delta again and again, until it is stopped",
    body: requiredBody({
      everySeconds: z
        .int()
        .min(1)
        .max(604_800)
        .meta({ description: "Seconds from the begin of a run to that of the next." }),
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
      lossPercent: percent.optional(),
      reason: reason.optional(),
    }),
    response: { 201: z.object({ id: z.int() }) },
    problems: ["unknown_entity", "nothing_selected", "sync_on", "cutover_open", "cut_over"],
  },
  "GET /v1/sync": {
    summary: "Show whether the source is followed, and how far behind the target is",
    response: { 200: view },
  },
  "POST /v1/sync/stop": {
    summary: "Follow the source no more; a delta that is under way goes on",
    body: optionalBody({ reason: reason.optional() }),
    response: { 200: z.object({ id: z.int(), status: z.literal("stopped") }) },
    problems: ["sync_off"],
  },
} as const;

export type SyncView = z.infer<typeof view>;
