/** The retry policy of everything that is tried again by itself: batches, texts, documents. */

/** What is tried fails for good with its fifth attempt. */
export const MAX_ATTEMPTS = 5;

/** How often something was tried before, and how many milliseconds ago it failed last; null: never. */
export interface Attempts {
  readonly attempts: number;
  readonly failedAgoMs: number | null;
}

/** Milliseconds until the next attempt, after so many. */
export function backoffMs(attempts: number, firstMs = 250): number {
  return firstMs * 2 ** attempts;
}

/**
 * Whether the server is known to be well, so that a failure counts against what was tried: it has answered something else since that
 * failed last. So an outage, however long, fails nothing for good.
 *
 * @param answeredAt when the server last answered this process, by `performance.now()`
 */
export function wasWellSince({ attempts, failedAgoMs }: Attempts, answeredAt: number): boolean {
  return attempts === 0 || answeredAt > performance.now() - (failedAgoMs ?? 0);
}
