/** `/v1/embeddings`: how far they are, what they cost, and what is to be embedded beside the runs. */
import { z } from "zod";
import { forecast } from "./forecast.ts";
import { optionalBody, reason } from "./parts.ts";

export const embeddings = {
  "GET /v1/embeddings": {
    summary: "Show how far embedding is, and what it cost",
    response: {
      200: z.object({
        status: z.enum(["unavailable", "paused", "embedding", "indexing", "idle"]),
        pausedBecause: z.string().nullable(),
        items: z.object({ open: z.int(), done: z.int(), empty: z.int(), failed: z.int() }),
        vectors: z.int(),
        forecast,
        usage: z.object({
          calls: z.int(),
          throttled: z.int(),
          tokens: z.int(),
          microdollars: z.int(),
          costUsd: z.number(),
        }),
        days: z
          .array(
            z.object({
              day: z.iso.date(),
              calls: z.int(),
              throttled: z.int(),
              tokens: z.int(),
              costUsd: z.number(),
            }),
          )
          .meta({
            description:
              "The last 30 days (UTC) on which the provider was called, the oldest first.",
          }),
        budget: z
          .object({
            requestsPerMinute: z.int().nullable(),
            tokensPerMinute: z.int().nullable(),
            share: z.number().meta({
              description: "The share of the quota that the provider accepts at present.",
            }),
            capUsd: z.number().nullable(),
            spentUsd: z.number().meta({
              description:
                "What was spent since somebody started a run with embeddings. The cap is for all of it: deltas of a source that is followed or of a cut-over, and repairs, add to it.",
            }),
          })
          .nullable()
          .meta({
            description:
              "The quota, and the money spent against its cap. Null until an embedder has started once.",
          }),
        index: z.object({
          state: z.enum(["absent", "building", "invalid", "ready"]),
          percent: z.number().nullable(),
        }),
      }),
    },
  },
  "POST /v1/embeddings/backfill": {
    summary: "Have content embedded that no run has given to the embedder",
    body: optionalBody({
      scope: z.enum(["missing", "failed", "all"]).optional(),
      reason: reason.optional(),
    }),
    response: { 200: z.object({ events: z.int(), items: z.int(), forecast }) },
    problems: ["no_vectors"],
  },
} as const;
