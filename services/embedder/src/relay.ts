/** The relay: enqueues content events for the embedders, page by page, up to a high-water mark, and again if the queue has lost some. */
import type { Pool } from "@nexus/shared/database";
import {
  CONTENT_QUEUE,
  newContentJob,
  reconcileLostJobs,
  type Transport,
} from "@nexus/shared/queue";
import { failpoint } from "@nexus/shared/runtime";
import { inSpan, type Log } from "@nexus/shared/telemetry";
import { type OfferedPage, openPages, relayedPages, takeEvents } from "./pages.ts";

export interface RelayDeps {
  readonly target: Pool;
  readonly transport: Pick<Transport, "enqueue" | "count">;
  readonly log: Log;
  readonly settings: RelaySettings;
}

interface RelaySettings {
  /** Pages in the queue at most, but for those of one event. */
  readonly highWater: number;
  readonly tickMs: number;
  readonly careMs: number;
}

/** What one relay remembers between two rounds. */
export interface RelayMemory {
  lastAt: number;
  /** The content queue, where it held less than the ledger expected at the last look. */
  readonly suspects: Set<string>;
}

/** A memory of nothing. */
export function startRelay(): RelayMemory {
  return { lastAt: 0, suspects: new Set() };
}

/** One round. Returns the milliseconds until the next: none while there is something to enqueue. */
export async function relay(deps: RelayDeps, memory: RelayMemory): Promise<number> {
  const { target, settings } = deps;
  const room = settings.highWater - (await openPages(target, 0));
  const pages = room > 0 ? await takeEvents(target, room) : [];
  if (pages.length > 0) failpoint("relay.taken");
  await enqueue(deps, pages);
  if (pages.length > 0) failpoint("relay.offered");
  if (performance.now() - memory.lastAt >= settings.careMs) {
    memory.lastAt = performance.now();
    await reconcile(deps, memory);
  }
  return pages.length > 0 ? 0 : settings.tickMs;
}

/** "Relayed" is written first and only a hint: a crash before they are enqueued is found as lost jobs. */
async function enqueue({ transport }: RelayDeps, pages: readonly OfferedPage[]): Promise<void> {
  const [first] = pages;
  if (first === undefined) return;
  const jobs = pages.map(({ trace, ...page }) => ({ ...newContentJob(page), trace }));
  const step = { name: "offer pages", facts: { "nexus.jobs": pages.length }, under: first.trace };
  await inSpan(step, () => transport.enqueue(CONTENT_QUEUE, jobs));
}

async function reconcile(deps: RelayDeps, { suspects }: RelayMemory): Promise<void> {
  const { target, settings } = deps;
  const content = {
    queue: CONTENT_QUEUE,
    expected: () => openPages(target, settings.careMs),
    enqueueAll: async () => enqueue(deps, await relayedPages(target)),
  };
  await reconcileLostJobs(deps, content, suspects);
}
