/** What need not be done in each tick: releasing parked rows, finding lost jobs. */
import { entitiesIn, queuedBatches, queuedCount, type Run } from "@nexus/shared/ledger";
import { loadQueueName, reconcileLostJobs } from "@nexus/shared/queue";
import type { Deps } from "./deps.ts";
import { enqueue } from "./dispatch.ts";
import { releaseParkedRows } from "./release-parked.ts";
import { type Setbacks, startSetbacks } from "./setbacks.ts";

/** What one extractor remembers between two rounds. */
export interface Memory {
  lastAt: number;
  /** Queues that held less than the ledger expected at the last look. */
  readonly suspects: Set<string>;
  readonly setbacks: Setbacks;
}

/** A memory of nothing. */
export function startMemory(): Memory {
  return { lastAt: 0, suspects: new Set(), setbacks: startSetbacks() };
}

/** Does a round if the last one is long enough ago. Lost jobs are looked for whatever became of the parked rows. */
export async function reconcile(deps: Deps, run: Run, memory: Memory): Promise<void> {
  if (performance.now() - memory.lastAt < deps.settings.careMs) return;
  memory.lastAt = performance.now();
  try {
    await releaseParkedRows(deps, run);
  } finally {
    for (const entity of await entitiesIn(deps.target, run.id, ["loading"]))
      await reconcileEntity(deps, run, entity, memory);
  }
}

async function reconcileEntity(
  deps: Deps,
  run: Run,
  entity: string,
  { suspects }: Memory,
): Promise<void> {
  const { target, settings } = deps;
  const queue = {
    queue: loadQueueName(entity),
    expected: () => queuedCount(target, run.id, entity, settings.careMs),
    enqueueAll: async () => enqueue(deps, run, entity, await queuedBatches(target, run.id, entity)),
    facts: { runId: run.id, entity },
  };
  await reconcileLostJobs(deps, queue, suspects);
}
