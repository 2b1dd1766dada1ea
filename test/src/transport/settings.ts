import { openTransport, type Transport, type WorkerSettings } from "@nexus/shared/queue";

/** Locks short enough for tests. */
export const quick: WorkerSettings = {
  concurrency: 5,
  lockMs: 2_000,
  stalledCheckMs: 500,
  graceMs: 10_000,
};

/** A connection of the suite to the queue. What goes wrong with it is added to `errors`. */
export function openSuite(url: string, errors: Error[]): Promise<Transport> {
  return openTransport({
    url,
    prefix: "suite",
    workers: 4,
    onError: (error) => errors.push(error),
  });
}
