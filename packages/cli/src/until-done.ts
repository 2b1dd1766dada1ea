/** Waiting for what an extractor does, and reading lists that come in pages. */
import { setTimeout as pause } from "node:timers/promises";
import { remark } from "./output.ts";

/** Looks until it is no longer open. `what`: `adoption 3`. */
export async function untilDone<T extends { readonly status: string }>(
  what: string,
  look: () => Promise<T>,
): Promise<T> {
  for (let looks = 0; ; looks++) {
    const found = await look();
    if (found.status !== "open") return found;
    if (looks === 40) remark(`${what} waits for an extractor, or has much to do`);
    await pause(looks < 20 ? 50 : 250);
  }
}

interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}

/** The first `most` items, page by page; all, if it is infinite. */
export async function firstItems<T>(
  most: number,
  turn: (query: { limit: number; cursor: string | undefined }) => Promise<Page<T>>,
): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | undefined;
  do {
    const page = await turn({ limit: Math.min(1_000, most), cursor });
    items.push(...page.items);
    cursor = page.next ?? undefined;
  } while (cursor !== undefined && items.length < most);
  return items;
}
