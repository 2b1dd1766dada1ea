/** A transaction that waits for rows which are still read. */
import type { Client } from "@nexus/shared/database";

/**
 * The items, one after the other; while one is waited for, the transaction says something now and then: the server takes a session
 * that is silent for `idleMs` in a transaction for lost, and ends it. How long a slow source may take is bounded where it is read.
 */
export async function* keptAwake<T>(
  tx: Client,
  idleMs: number,
  items: Iterable<T> | AsyncIterable<T>,
): AsyncGenerator<T, void> {
  const asked = toAsync(items);
  try {
    for (;;) {
      const next = await awake(tx, idleMs, asked.next());
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    await asked.return(undefined);
  }
}

async function* toAsync<T>(items: Iterable<T> | AsyncIterable<T>): AsyncGenerator<T, void> {
  yield* items;
}

/** What a session that has ended answers is what the transaction's next statement hears, too. */
async function awake<T>(tx: Client, idleMs: number, waited: Promise<T>): Promise<T> {
  let said: Promise<unknown> = Promise.resolve();
  const timer = setInterval(() => {
    said = said.then(() => tx.query("select")).catch(() => undefined);
  }, idleMs / 4);
  try {
    return await waited;
  } finally {
    clearInterval(timer);
    await said;
  }
}
