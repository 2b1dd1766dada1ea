/** `/v1/progress`: the active run, or the newest. */
import { z } from "zod";
import { runView } from "./run-view.ts";

/** Sent as it comes: nobody parses it as a whole. */
const events = z.custom<AsyncIterable<string>>().meta({
  type: "string",
  description: "Events `progress`, and events `problem` while the target cannot be reached.",
});

export const progress = {
  "GET /v1/progress": {
    summary: "Show how far the active run is, or the newest if none is active",
    response: { 200: runView },
  },
  "GET /v1/progress/stream": {
    summary: "Follow the progress by server-sent events, each a whole answer of GET /v1/progress",
    headers: z.looseObject({
      "last-event-id": z.string().max(64).optional().meta({
        description: "The id of the newest event that the client has seen. It is not sent again.",
      }),
    }),
    produces: ["text/event-stream"],
    response: { 200: events },
    problems: ["too_many_streams"],
  },
} as const;
