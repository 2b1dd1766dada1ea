/** Finds jobs that a queue has lost: by a flush, a restart without its data, or a crash between the ledger's commit and the queue. */
import type { Log } from "../telemetry/index.ts";
import type { Transport } from "./transport.ts";

/** A queue beside the ledger. */
export interface Reconciled {
  readonly queue: string;
  /** How many jobs the ledger knows that the queue should hold, leaving out those that were enqueued just now. */
  readonly expected: () => Promise<number>;
  /** Enqueues all of them again. */
  readonly enqueueAll: () => Promise<void>;
  /** Added to the line of the log. */
  readonly facts?: object;
}

/**
 * When a queue holds fewer jobs than the ledger expects, twice in a row, all of them are enqueued again under their ids. The queue is counted
 * first: a job that is done in between makes the ledger's count smaller, never the queue's.
 *
 * @param suspects the queues that held less at the last look: kept by the caller from look to look
 */
export async function reconcileLostJobs(
  { transport, log }: { readonly transport: Pick<Transport, "count">; readonly log: Log },
  { queue, expected, enqueueAll, facts }: Reconciled,
  suspects: Set<string>,
): Promise<void> {
  const inQueue = await transport.count(queue);
  const inLedger = await expected();
  if (inQueue >= inLedger) return void suspects.delete(queue);
  if (!suspects.has(queue)) return void suspects.add(queue);
  log.warn({ ...facts, queue, inQueue, inLedger }, "jobs were lost, enqueueing them again");
  await enqueueAll();
  suspects.delete(queue);
}
