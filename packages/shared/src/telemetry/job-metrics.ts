/** How long jobs take, and what came of them. */
import { Histogram, type Registry } from "prom-client";

const OUTCOMES = ["done", "later", "hand_back", "error"] as const;
const SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];

/** Does a job of a queue and measures it. */
export type TimeJob = <T extends { readonly kind: string }>(
  queue: string,
  work: () => Promise<T>,
) => Promise<T>;

/** `queues` are the values that the label may have: all are there from the start. */
export function openJobMetrics(register: Registry, queues: readonly string[]): TimeJob {
  const seconds = new Histogram({
    name: "nexus_job_seconds",
    help: "Seconds that a job took in this process, by what came of it: a job of a queue load-* is a batch.",
    labelNames: ["queue", "outcome"],
    buckets: SECONDS,
    registers: [register],
  });
  for (const queue of queues) for (const outcome of OUTCOMES) seconds.zero({ queue, outcome });
  return async (queue, work) => {
    const start = performance.now();
    let outcome = "error";
    try {
      const handled = await work();
      outcome = handled.kind;
      return handled;
    } finally {
      seconds.observe({ queue, outcome }, (performance.now() - start) / 1_000);
    }
  };
}
