/** The variables of the queue, alike for every service. */
import type { Config } from "./parse.ts";
import { number, queueUrl, text } from "./variables.ts";

export const queueVariables = {
  QUEUE_URL: queueUrl({ meaning: "Redis, or PostgreSQL for the embedded stack" }),
  QUEUE_PREFIX: text({ meaning: "the prefix of all keys in Redis", fallback: "nexus" }),
};

export type QueueSettings = Config<typeof queueVariables>;
export type JobSettings = Config<ReturnType<typeof workerVariables>>;

/** The variables of who takes jobs. `job`: what one is called; `drainMs`: what it may take after SIGTERM, if nothing is told. */
export function workerVariables({
  job,
  drainMs,
}: {
  readonly job: string;
  readonly drainMs: number;
}) {
  return {
    QUEUE_LOCK_MS: number(1_000, 600_000, {
      meaning: `milliseconds without a sign of life after which a ${job} is given to another process`,
      fallback: "30000",
      danger: `if it is shorter than a ${job} takes, the ${job} is done twice (harmless, but slow)`,
    }),
    QUEUE_STALLED_MS: number(500, 600_000, {
      meaning: "how often lost processes are looked for, in milliseconds",
      fallback: "5000",
    }),
    DRAIN_MS: number(0, 600_000, {
      meaning: `milliseconds that a ${job} may take after SIGTERM before it is handed back`,
      fallback: String(drainMs),
      danger: "must stay under the grace period of the pod",
    }),
  };
}
