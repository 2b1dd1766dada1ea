/** What need not be done in each tick: releasing parked rows, finding lost jobs. */
import { entities, entityNamed } from "@nexus/catalog";
import { inTransaction } from "@nexus/shared/database";
import {
  claimEntity,
  entitiesIn,
  type EntityStatus,
  moveEntity,
  parkedEntities,
  queuedBatches,
  queuedCount,
  releaseParked,
  type Run,
} from "@nexus/shared/ledger";
import { loadQueueName } from "@nexus/shared/queue";
import { offer } from "./pump.ts";
import type { Deps } from "./deps.ts";

/** What one extractor remembers between two rounds. */
export interface Care {
  lastAt: number;
  /** Entities whose queue held less than the ledger at the last look. */
  readonly suspects: Set<string>;
}

/** A memory of nothing. */
export function startCare(): Care {
  return { lastAt: 0, suspects: new Set() };
}

/** Does a round if the last one is long enough ago. */
export async function takeCare(deps: Deps, run: Run, care: Care): Promise<void> {
  if (performance.now() - care.lastAt < deps.settings.careMs) return;
  care.lastAt = performance.now();
  await releaseArrived(deps, run);
  for (const entity of await entitiesIn(deps.target, run.id, ["loading"]))
    await offerLostAgain(deps, run, entity, care);
}

const MAY_LOAD_AGAIN: readonly EntityStatus[] = ["loading", "complete", "blocked"];

/** Parked rows whose parent has arrived are loaded again, with the batch that holds them. */
export async function releaseArrived({ target, log }: Deps, run: Run): Promise<void> {
  for (const { entity, parent } of await parkedEntities(target, run.id)) {
    const { table, key } = entityNamed(entities, parent).target;
    const batches = await inTransaction(target, async (tx) => {
      if (!(await claimAny(tx, run, entity))) return 0;
      const released = await releaseParked(tx, run.id, entity, { entity: parent, table, key });
      if (released > 0) await moveEntity(tx, run.id, entity, ["complete", "blocked"], "loading");
      return released;
    });
    if (batches > 0) log.info({ runId: run.id, entity, parent, batches }, "parked rows released");
  }
}

async function claimAny(tx: Parameters<typeof claimEntity>[0], run: Run, entity: string): Promise<boolean> {
  for (const status of MAY_LOAD_AGAIN) if (await claimEntity(tx, run.id, entity, status)) return true;
  return false;
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
