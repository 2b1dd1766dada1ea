import { type Client, nextStep } from "@nexus/shared/database";

/** What was done of some rows, and those that a rule of the target did not let be done. */
export interface Pieces<T> {
  readonly done: readonly T[];
  readonly refused: readonly string[];
}

/** All at once; where a rule of the target refuses that, by halves, until the row is found that it refuses. */
export async function inPieces<T>(
  tx: Client,
  ids: readonly string[],
  work: (ids: readonly string[]) => Promise<T>,
): Promise<Pieces<T>> {
  if (ids.length === 0) return { done: [], refused: [] };
  await tx.query("savepoint piece");
  try {
    const done = await work(ids);
    await tx.query("release savepoint piece");
    return { done: [done], refused: [] };
  } catch (error) {
    if (nextStep(error) !== "row") throw error;
    await tx.query("rollback to savepoint piece; release savepoint piece");
  }
  if (ids.length === 1) return { done: [], refused: ids };
  const half = Math.ceil(ids.length / 2);
  const one = await inPieces(tx, ids.slice(0, half), work);
  const other = await inPieces(tx, ids.slice(half), work);
  return { done: [...one.done, ...other.done], refused: [...one.refused, ...other.refused] };
}
