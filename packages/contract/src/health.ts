/** Health checks for Kubernetes and other watchers. They need no token. */
import { z } from "zod";

const state = z.enum(["ok", "unavailable"]);
const readiness = z.object({ target: state, queue: state });

export const health = {
  "GET /healthz": {
    summary: "Tell whether the process responds, and nothing else",
    response: { 200: z.object({ status: z.literal("ok") }) },
  },
  "GET /readyz": {
    summary: "Tell whether the target and the queue answer",
    response: { 200: readiness },
    problems: ["not_ready"],
  },
} as const;
