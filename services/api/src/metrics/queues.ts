/** Queues: what could be done now, what was offered, what the queue itself holds. */
import { CONTENT_QUEUE, loadQueueName } from "@nexus/shared/queue";
import { Gauge, type Registry } from "prom-client";
import type { Offered } from "../queries/measure-work.ts";

export interface QueueFigures {
  /** Jobs that could be done now, by queue. */
  readonly ready: Readonly<Record<string, number>>;
  /** What the ledger has offered and not seen done. `entity` is a queue's entity, or the content queue's name. */
  readonly offered: readonly Offered[];
  /** What the queue holds, by queue; absent: it did not answer. */
  readonly queued: Readonly<Record<string, number>>;
  /** Seconds since 1970. */
  readonly newestBatch: number | null;
}

/** Returns what shows the queues; a queue that does not answer keeps no count. */
export function openQueueMetrics(
  register: Registry,
  entities: readonly string[],
): (figures: QueueFigures) => void {
  const gauge = (name: string, help: string) =>
    new Gauge({ name, help, labelNames: ["queue"], registers: [register] });
  const ready = gauge(
    "nexus_queue_ready_jobs",
    "Jobs that could be done now, by the ledger: batches whose parents are settled, pages of content. Scale by this.",
  );
  const offered = gauge(
    "nexus_queue_offered_jobs",
    "Jobs that the ledger has offered and not seen done.",
  );
  const jobs = gauge(
    "nexus_queue_jobs",
    "Jobs that the queue itself holds, by queue; absent while it does not answer.",
  );
  const oldest = gauge(
    "nexus_queue_oldest_job_timestamp_seconds",
    "Since when the oldest offered job waits or is at work; 0: there is none.",
  );
  const newest = new Gauge({
    name: "nexus_batch_done_timestamp_seconds",
    help: "When the newest batch of the run was done; 0: none was.",
    registers: [register],
  });
  const queues = [...entities.map(loadQueueName), CONTENT_QUEUE];
  return (figures) => {
    jobs.reset();
    newest.set(figures.newestBatch ?? 0);
    for (const queue of queues) {
      const work = figures.offered.find(
        ({ entity }) => queue === loadQueueName(entity) || queue === entity,
      );
      const held = figures.queued[queue];
      ready.set({ queue }, figures.ready[queue] ?? 0);
      offered.set({ queue }, work?.jobs ?? 0);
      oldest.set({ queue }, work?.oldest ?? 0);
      if (held !== undefined) jobs.set({ queue }, held);
    }
  };
}
