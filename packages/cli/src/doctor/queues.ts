import type { Pool } from "@nexus/shared/database";
import { activeRun, entitiesIn, queuedCount } from "@nexus/shared/ledger";
import { loadQueueName, type Transport } from "@nexus/shared/queue";
import { pause } from "@nexus/shared/runtime";
import { count } from "../words.ts";
import { type Finding, unchecked, well, wrong } from "./finding.ts";

/** Milliseconds that a batch must have been queued to count. One that is being enqueued right now does not count. */
const SETTLED_MS = 1_000;

/** Milliseconds between two looks: as the extractor, the doctor takes jobs for lost when they are missing twice in a row. */
const AGAIN_MS = 1_500;

/** Whether the queue holds what the ledger offers, and whether anybody takes it. */
export async function examineQueues(target: Pool, queue: Transport): Promise<Finding[]> {
  const run = await activeRun(target);
  if (run === undefined) return [well("queue", "it answers, and no run needs it now")];
  const findings: Finding[] = [];
  for (const entity of await entitiesIn(target, run.id, ["loading"])) {
    const queued = await queuedCount(target, run.id, entity, SETTLED_MS);
    if (queued === 0) continue;
    findings.push(
      ...(await lostJobs(target, queue, run.id, entity)),
      ...(await idleQueue(queue, entity, queued)),
    );
  }
  return findings.length > 0 ? findings : [well("queue", "it holds what the ledger offers")];
}

/** The queue is counted first: a batch that is finished in between makes the ledger's count smaller, never the queue's. */
async function lostJobs(
  target: Pool,
  queue: Transport,
  runId: number,
  entity: string,
): Promise<Finding[]> {
  const look = async () => {
    const inQueue = await queue.count(loadQueueName(entity));
    return { inQueue, queued: await queuedCount(target, runId, entity, SETTLED_MS) };
  };
  const first = await look();
  if (first.inQueue >= first.queued) return [];
  await pause(AGAIN_MS, new AbortController().signal);
  const { inQueue, queued } = await look();
  if (inQueue >= queued) return [];
  return [
    wrong(
      "queue",
      "jobs_lost",
      `${entity}: the ledger has ${count(queued)} batches on offer, the queue holds ${count(inQueue)}: it was flushed, restarted empty, or QUEUE_PREFIX differs`,
      "nothing is lost: a running extractor offers them again within seconds; start one if none runs, and check QUEUE_URL and QUEUE_PREFIX of all services",
    ),
  ];
}

async function idleQueue(queue: Transport, entity: string, queued: number): Promise<Finding[]> {
  const workers = await queue.workers(loadQueueName(entity));
  if (workers === undefined)
    return [
      unchecked(
        "queue",
        `whether a loader listens for ${entity}: this queue does not tell (one on PostgreSQL, or a Redis without CLIENT LIST)`,
      ),
    ];
  if (workers > 0) return [];
  const says = `${entity}: ${count(queued)} batches are on offer, and no loader listens`;
  return [wrong("queue", "no_loader", says, "start a loader: npm run start:loader (any number)")];
}
