/** The dispatcher: enqueues batches of open entities, up to a high-water mark. It opens entities by the gate's rule, and holds back what the queue has no room for. */
import { entities, entityNamed } from "@nexus/catalog";
import { inTrips, together } from "@nexus/shared/database";
import {
  claimEntity,
  type Hold,
  holdsAll,
  openEntity,
  type PlannedBatch,
  profilesWait,
  roomFor,
  type Run,
  markQueued,
} from "@nexus/shared/ledger";
import { type LoadJob, loadQueueName, newLoadJob } from "@nexus/shared/queue";
import { failpoint } from "@nexus/shared/runtime";
import { inSpan } from "@nexus/shared/telemetry";
import type { Deps } from "./deps.ts";
import { lookAround, type Outlook } from "./look-around.ts";

/**
 * Opens the entities that may be opened, and fills their queues, except where too many rows were lost. Returns whether anything was enqueued.
 * `seen`: what a look at the ledger has shown; if it is left out, it is looked at now.
 */
export async function dispatch(deps: Deps, run: Run, seen?: Outlook): Promise<boolean> {
  const before = seen ?? (await lookAround(deps.target, run.id));
  const opened = await openSettledChildren(deps, run, before.toOpen);
  const { toOffer, holds } = opened ? await lookAround(deps.target, run.id) : before;
  const highWater = highWaterNow(deps, holds);
  let enqueued = false;
  for (const entity of toOffer) {
    const page = await takeNextPage(deps, run, entity, highWater);
    if (page.length === 0) continue;
    failpoint("dispatch.committed");
    await enqueue(deps, run, entity, page);
    failpoint("dispatch.offered");
    enqueued = true;
  }
  return enqueued;
}

/** While a server refuses everything, one queued batch of an entity probes it: the others would only come back. */
function highWaterNow({ settings }: Deps, holds: readonly Hold[]): number {
  return holds.some(({ code }) => holdsAll(code)) ? 1 : settings.highWater;
}

/** Returns whether one was opened. */
async function openSettledChildren(
  { target, log }: Deps,
  run: Run,
  toOpen: readonly string[],
): Promise<boolean> {
  let any = false;
  for (const entity of toOpen) {
    if (entity === "profiles" && (await profilesWait(target, run))) continue;
    const opened = await openEntity(target, run.id, entity, parentsOf(entity));
    if (!opened) continue;
    any = true;
    failpoint("dispatch.opened");
    log.info({ runId: run.id, entity }, "entity opened");
  }
  return any;
}

function parentsOf(entity: string): string[] {
  return Object.keys(entityNamed(entities, entity).parents);
}

/** Batches are marked in the ledger first, and enqueued after the commit. A crash in between is found as lost jobs. */
async function takeNextPage(
  { target }: Deps,
  run: Run,
  entity: string,
  highWater: number,
): Promise<PlannedBatch[]> {
  return await inTrips(target, {
    first: (tx) =>
      together([
        claimEntity(tx, run.id, entity, "loading"),
        roomFor(tx, run.id, entity, highWater),
      ]),
    work: async (_tx, [claimed, room]) => (claimed ? room : 0),
    last: async (tx, room) => {
      if (room <= 0) return [];
      const page = markQueued(tx, run.id, entity, room, parentsOf(entity));
      failpoint("dispatch.marked");
      return await page;
    },
  });
}

/** Enqueues batches under ids that make enqueueing them again harmless. */
export async function enqueue(
  { transport }: Deps,
  run: Run,
  entity: string,
  page: readonly PlannedBatch[],
): Promise<void> {
  const jobs = page.map(({ id, generation, from, to }): LoadJob => {
    return { runId: run.id, entity, batch: id, generation, from: safeKey(from), to: safeKey(to) };
  });
  if (jobs.length === 0) return;
  const facts = { "nexus.run": run.id, "nexus.entity": entity, "nexus.jobs": jobs.length };
  await inSpan({ name: "offer batches", facts, under: run.traceContext }, () =>
    transport.enqueue(loadQueueName(entity), jobs.map(newLoadJob)),
  );
}

/** A key beyond the numbers of JavaScript, like the least one, is not shown. The loader asks the ledger for it. */
function safeKey(key: number | string | null): number | null {
  return typeof key === "number" ? key : null;
}
