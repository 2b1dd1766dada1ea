/** `/v1/dify`: how far its knowledge bases are filled, and what is to be filled in beside the runs. */
import { z } from "zod";
import { optionalBody, reason } from "./parts.ts";

export const dify = {
  "GET /v1/dify": {
    summary: "Show how far Dify's knowledge bases are filled",
    response: {
      200: z.object({
        status: z.enum(["paused", "filling", "idle"]),
        pausedBecause: z.string().nullable(),
        datasets: z.int(),
        items: z.object({
          offered: z.int(),
          open: z.int(),
          indexing: z.int(),
          done: z.int(),
          empty: z.int(),
          failed: z.int(),
        }),
      }),
    },
  },
  "POST /v1/dify/backfill": {
    summary: "Send content to Dify that no run has sent",
    body: optionalBody({
      scope: z.enum(["missing", "failed", "all"]).optional(),
      reason: reason.optional(),
    }),
    response: { 200: z.object({ events: z.int(), items: z.int() }) },
  },
} as const;
