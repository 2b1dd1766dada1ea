/** The variables of every process of ours, whatever it does. */
import { choice, number } from "./variables.ts";

export const LOG_LEVELS = ["fatal", "error", "warn", "info", "debug", "trace", "silent"] as const;

export const processVariables = {
  LOG_LEVEL: choice(LOG_LEVELS, { meaning: "the lowest level that is logged", fallback: "info" }),
  SHUTDOWN_GRACE_MS: number(1, 3_600_000, {
    meaning: "milliseconds from SIGTERM to a forced end",
    fallback: "25000",
    danger: "must stay under the grace period of the pod, and above DRAIN_MS",
  }),
};
