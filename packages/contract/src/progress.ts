/** `/v1/progress`: the active run, or the newest. */
import { z } from "zod";
import { runView } from "./run-view.ts";

export const progress = {
  "GET /v1/progress": {
    summary: "Show how far the active run is, or the newest",
    response: { 200: runView },
  },
  "GET /v1/progress/stream": {
    summary: "Follow the progress: server-sent events, each a whole answer of GET /v1/progress",
    headers: z.object({
      "last-event-id": z
        .string()
        .max(64)
        .optional()
        .meta({ description: "The id of the newest event that was seen: it is not sent again." }),
    }),
    response: { 200: z.string().meta({ description: "text/event-stream" }) },
    problems: ["too_many_streams"],
  },
} as const;
