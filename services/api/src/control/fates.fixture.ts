import { inTransaction, type Pool } from "@nexus/shared/database";
import {
  type ClaimedBatch,
  type Exception,
  finishBatch,
  forgetBatch,
  type Range,
  recordExceptions,
  resolveOlder,
} from "@nexus/shared/ledger";

/** What became of a key, as a loader told the ledger. `failed`: its batch did, and nothing was heard of it since. */
export type Fate = "loaded" | "rejected" | "parked" | "failed";

/** Does what a loader does whose rows all have the same outcome. */
export async function bring(
  target: Pool,
  batch: ClaimedBatch,
  keys: readonly number[],
  fate: Exclude<Fate, "failed">,
): Promise<void> {
  await inTransaction(target, async (tx) => {
    await forgetBatch(tx, batch.id);
    await resolveOlder(tx, batch, batch.keys ?? { after: batch.after ?? 0, to: batch.to ?? 0 });
    const exceptions = fate === "loaded" ? [] : keys.map((key) => exception(key, fate));
    await recordExceptions(tx, batch, exceptions);
    const counts = { inserted: 0, updated: 0, noted: 0, loaded: 0, rejected: 0, parked: 0 };
    await finishBatch(tx, batch.id, { ...counts, read: keys.length, [fate]: keys.length }, 1);
  });
}

function exception(legacyId: number, outcome: "rejected" | "parked"): Exception {
  const [missingEntity, missingId] =
    outcome === "parked" ? (["practices", 1] as const) : [null, null];
  return { legacyId, outcome, reason: "a_reason", column: null, missingEntity, missingId };
}

/** Keys in ranges of `size`, the first one behind `after`. */
export function rangesOf(keys: readonly number[], after: number | string, size: number): Range[] {
  const starts = keys.filter((_, at) => at % size === 0);
  return starts.map((start, nth) => {
    const own = keys.slice(nth * size, (nth + 1) * size);
    return {
      after: nth === 0 ? after : (keys[nth * size - 1] ?? start),
      to: own.at(-1) ?? start,
      expected: own.length,
    };
  });
}
