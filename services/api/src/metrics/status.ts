/** `/metrics`, on a port of its own. */
import { type EntityProgress, findStall, pausedBySource, progressOf } from "@nexus/shared/ledger";
import { CONTENT_QUEUE, loadQueueName } from "@nexus/shared/queue";
import type { Status } from "@nexus/shared/runtime";
import { type Deps, namesOf } from "../deps.ts";
import { type Figures, openMetrics } from "./metrics.ts";
import { findNewestRun, type RunFacts } from "../queries/find-run.ts";
import { measureSync } from "../queries/find-sync.ts";
import { measureAccounts } from "../queries/measure-accounts.ts";
import { difyWork } from "../queries/measure-dify.ts";
import {
  type EmbeddingWork,
  embeddingWork,
  newestBatch,
  offeredBatches,
  waitingBatches,
} from "../queries/measure-work.ts";
import { checksOf } from "../routes/health.ts";

/** Milliseconds that the queue has to answer. */
const PATIENCE_MS = 1_000;

type Needed = Pick<Deps, "target" | "transport" | "entities" | "log">;

/**
 * Metrics are read from the rolled-up counts, so that a scrape costs the same at any size; they are answered without the target, too.
 * `budget`: the connections that the target gives to all services together, if that is known.
 */
export function statusOf(deps: Needed, budget?: number): Status {
  const { target, log } = deps;
  const metrics = openMetrics(deps.entities.map(({ name }) => name));
  metrics.watchPool("target", target, budget);
  return {
    checks: checksOf(deps),
    metrics: async () => {
      try {
        metrics.show(await figuresOf(deps));
        metrics.ledgerRead("read");
      } catch (error) {
        log.warn({ err: error }, "the ledger could not be read for metrics");
        metrics.ledgerRead("unreadable");
      }
      return await metrics.scrape();
    },
  };
}

async function figuresOf(deps: Needed): Promise<Figures> {
  const { target } = deps;
  const run = await findNewestRun(target);
  const progress = run === undefined ? [] : await progressOf(target, run.id);
  const embedding = await embeddingWork(target);
  const sync = await measureSync(target, namesOf(deps));
  const held = run !== undefined && (await pausedBySource(target, run.id)) !== undefined;
  const batches = run === undefined ? [] : await offeredBatches(target, run.id);
  return {
    run,
    progress,
    embedding,
    ready: readyIn(held ? undefined : run, progress, embedding),
    offered: [...batches, ...contentIn(embedding)],
    queued: await queuedIn(deps),
    dify: await difyWork(target),
    accounts: await measureAccounts(target),
    sync,
    waiting: run === undefined ? {} : await waitingBatches(target, run.id),
    stalledSeconds:
      run === undefined ? 0 : ((await findStall(target, run.id, deps.entities))?.seconds ?? 0),
    newestBatch: run === undefined ? null : await newestBatch(target, run.id),
  };
}

/** An entity that is loading has its parents settled: all its open batches could be done now. */
function readyIn(
  run: RunFacts | undefined,
  progress: readonly EntityProgress[],
  embedding: EmbeddingWork | undefined,
): Figures["ready"] {
  const loading =
    run?.status === "running" ? progress.filter(({ status }) => status === "loading") : [];
  const batches = loading.map((one): [string, number] => [
    loadQueueName(one.entity),
    one.batches - one.batchesDone - one.batchesFailed,
  ]);
  return Object.fromEntries([...batches, [CONTENT_QUEUE, embedding?.pages ?? 0]]);
}

function contentIn(embedding: EmbeddingWork | undefined): Figures["offered"] {
  if (embedding === undefined) return [];
  return [{ entity: CONTENT_QUEUE, jobs: embedding.relayedPages, oldest: embedding.oldest ?? 0 }];
}

/** Queues that do not answer in time are left out. */
async function queuedIn({ entities, transport }: Needed): Promise<Record<string, number>> {
  const queues = [...entities.map(({ name }) => loadQueueName(name)), CONTENT_QUEUE];
  const counts = await Promise.all(queues.map((queue) => countWithin(transport, queue)));
  return Object.fromEntries(
    counts.flatMap((count, at) => (count === undefined ? [] : [[queues[at], count]])),
  );
}

async function countWithin(
  transport: Deps["transport"],
  queue: string,
): Promise<number | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), PATIENCE_MS);
  });
  const count = transport.count(queue).catch(() => undefined);
  return await Promise.race([count, late]).finally(() => clearTimeout(timer));
}
