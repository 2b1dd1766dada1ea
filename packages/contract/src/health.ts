/** For Kubernetes and other watchers; nobody needs a token. */
import { z } from "zod";

const state = z.enum(["ok", "unavailable"]);
const readiness = z.object({ target: state, queue: state });

export const health = {
  "GET /healthz": {
    summary: "Whether the process turns, nothing else",
    response: { 200: z.object({ status: z.literal("ok") }) },
  },
  "GET /readyz": {
    summary: "Whether target and queue answer",
    response: { 200: readiness },
    problems: ["not_ready"],
  },
} as const;
