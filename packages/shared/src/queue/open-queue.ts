/** The queue of a service: opened and worked by its variables, closed with it. */
import type { JobSettings, QueueSettings } from "../config/queue-variables.ts";
import type { Context } from "../runtime/service.ts";
import { seldom } from "../telemetry/seldom.ts";
import { openTransport } from "./open-transport.ts";
import type { Transport, WorkerSettings } from "./transport.ts";

/** `workers`: how many this process will run. Throws `UnavailableError` as `openTransport` does. */
export async function openQueue(
  { QUEUE_URL, QUEUE_PREFIX }: QueueSettings,
  workers: number,
  { log, closers }: Context,
): Promise<Transport> {
  const transport = await openTransport({
    url: QUEUE_URL,
    prefix: QUEUE_PREFIX,
    workers,
    onError: seldom((error, since) =>
      log.warn({ err: error, ...since }, "the queue does not do what it is asked"),
    ),
  });
  for (const { code, says } of transport.warnings)
    log.warn({ code, says }, "the queue works, but not as it should");
  closers.push("queue", () => transport.close());
  return transport;
}

/** How jobs are taken, by these variables. */
export function workerSettings(settings: JobSettings, concurrency: number): WorkerSettings {
  return {
    concurrency,
    lockMs: settings.QUEUE_LOCK_MS,
    stalledCheckMs: settings.QUEUE_STALLED_MS,
    graceMs: settings.DRAIN_MS,
  };
}
