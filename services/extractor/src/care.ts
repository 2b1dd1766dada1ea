/** What need not be done in each tick: releasing parked rows, finding lost jobs. */
import { entitiesIn, queuedBatches, queuedCount, type Run } from "@nexus/shared/ledger";
import { loadQueueName } from "@nexus/shared/queue";
import type { Deps } from "./deps.ts";
import { offer } from "./dispatch.ts";
import { releaseParkedRows } from "./release.ts";
import { type Setbacks, startSetbacks } from "./setbacks.ts";

/** What one extractor remembers between two rounds. */
export interface Care {
  lastAt: number;
  /** Entities whose queue held less than the ledger at the last look. */
  readonly suspects: Set<string>;
  readonly setbacks: Setbacks;
}

/** A memory of nothing. */
export function startCare(): Care {
  return { lastAt: 0, suspects: new Set(), setbacks: startSetbacks() };
}

/** Does a round if the last one is long enough ago. Lost jobs are looked for whatever became of the parked rows. */
export async function takeCare(deps: Deps, run: Run, care: Care): Promise<void> {
  if (performance.now() - care.lastAt < deps.settings.careMs) return;
  care.lastAt = performance.now();
  try {
    await releaseParkedRows(deps, run);
  } finally {
    await offerLost(deps, run, care);
  }
}

async function offerLost(deps: Deps, run: Run, care: Care): Promise<void> {
  for (const entity of await entitiesIn(deps.target, run.id, ["loading"]))
    await offerLostAgain(deps, run, entity, care);
}

/**
 * The queue holds fewer jobs than the ledger has batches on offer, twice in a row: all are offered again under their ids.
 * The queue is counted first: a batch that is finished in between makes the ledger's count smaller, never the queue's.
 */
async function offerLostAgain(deps: Deps, run: Run, entity: string, care: Care): Promise<void> {
  const inQueue = await deps.transport.count(loadQueueName(entity));
  const onOffer = await queuedCount(deps.target, run.id, entity, deps.settings.careMs);
  if (inQueue >= onOffer) return void care.suspects.delete(entity);
  if (!care.suspects.has(entity)) return void care.suspects.add(entity);
  deps.log.warn({ runId: run.id, entity, inQueue, onOffer }, "jobs were lost, offering them again");
  await offer(deps, run, entity, await queuedBatches(deps.target, run.id, entity));
  care.suspects.delete(entity);
}
