import type { Pool, Queryable } from "../database/pool.ts";
import { type Bounds, readOnly } from "../database/transaction.ts";

export interface SourceBounds extends Bounds {
  /** Milliseconds that a lock of the source's table is waited for. */
  readonly lockMs?: number;
}

/** Asks the source something in a transaction that only reads, and waits no longer for its locks than it may. */
export async function askSource<T>(
  legacy: Pool,
  ask: (tx: Queryable) => Promise<T>,
  { lockMs, ...bounds }: SourceBounds,
): Promise<T> {
  return await readOnly(
    legacy,
    async (tx) => {
      if (lockMs !== undefined) await tx.query(`set local lock_timeout = ${lockMs}`);
      return await ask(tx);
    },
    bounds,
  );
}
