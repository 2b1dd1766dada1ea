/** The relay: offers content events to the embedders, page by page, up to a high-water mark, and again if the queue has lost some. */
import type { Pool } from "@nexus/shared/database";
import { CONTENT_QUEUE, contentOffer, type Transport } from "@nexus/shared/queue";
import { inSpan, type Log } from "@nexus/shared/telemetry";
import { type OfferedPage, openPages, relayedPages, takeEvents } from "./pages.ts";

export interface RelayDeps {
  readonly target: Pool;
  readonly transport: Pick<Transport, "offer" | "count">;
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
  lastCareAt: number;
  suspicion: "none" | "less_in_queue";
}

/** A memory of nothing. */
export function startRelay(): RelayMemory {
  return { lastCareAt: 0, suspicion: "none" };
}

/** One round. Returns the milliseconds until the next: none while there is something to offer. */
export async function relay(deps: RelayDeps, memory: RelayMemory): Promise<number> {
  const { target, settings } = deps;
  const room = settings.highWater - (await openPages(target, 0));
  const pages = room > 0 ? await takeEvents(target, room) : [];
  await offer(deps, pages);
  if (performance.now() - memory.lastCareAt >= settings.careMs) {
    memory.lastCareAt = performance.now();
    await offerLostAgain(deps, memory);
  }
  return pages.length > 0 ? 0 : settings.tickMs;
}

/** "Relayed" is written first and only a hint: a crash before the offer is found as lost jobs. */
async function offer({ transport }: RelayDeps, pages: readonly OfferedPage[]): Promise<void> {
  const [first] = pages;
  if (first === undefined) return;
  const offers = pages.map(({ trace, ...page }) => ({ ...contentOffer(page), trace }));
  const step = { name: "offer pages", facts: { "nexus.jobs": pages.length }, under: first.trace };
  await inSpan(step, () => transport.offer(CONTENT_QUEUE, offers));
}

/** The queue holds fewer jobs than the ledger has open pages, twice in a row. The queue is counted first: see the extractor's care. */
async function offerLostAgain(deps: RelayDeps, memory: RelayMemory): Promise<void> {
  const inQueue = await deps.transport.count(CONTENT_QUEUE);
  const open = await openPages(deps.target, deps.settings.careMs);
  const before = memory.suspicion;
  memory.suspicion = inQueue < open ? "less_in_queue" : "none";
  if (inQueue >= open || before === "none") return;
  deps.log.warn({ inQueue, open }, "content jobs were lost, offering them again");
  await offer(deps, await relayedPages(deps.target));
  memory.suspicion = "none";
}
