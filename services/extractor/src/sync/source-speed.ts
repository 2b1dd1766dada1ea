/** How fast the source answers: the time of a query that reads one entry of a primary key's index. */
import { errorCode, noConnectionLeft, readOnly } from "@nexus/shared/database";
import type { Deps } from "../deps.ts";

/** So many tables are asked, each once: one that is locked, or one hiccup, does not make a source slow. */
const PROBES = 3;

/** A probe is given up after so many times what is accepted: it is too slow then. */
const PATIENCE = 2;

/** Statement and lock given up; a server that does not answer at all. One without a connection left is too busy, too. */
const SLOW = /^(57014|55P03|SESSION_SILENT)$/;

/**
 * Milliseconds of the fastest probe of the first entities. The connection is not waited for in them. Throws what keeps the source from
 * answering, if no probe is answered.
 */
export async function sourceSpeed(
  deps: Pick<Deps, "entities" | "legacy" | "signal">,
  limitMs: number,
): Promise<number> {
  let fastest = Infinity;
  let failure: unknown;
  for (const { source } of deps.entities.slice(0, PROBES)) {
    try {
      fastest = Math.min(fastest, await probe(deps, source, limitMs));
    } catch (error) {
      if (deps.signal.aborted) throw error;
      failure = error;
    }
    if (fastest <= limitMs) break;
  }
  if (fastest === Infinity && failure !== undefined) throw failure;
  return fastest;
}

async function probe(
  { legacy, signal }: Pick<Deps, "legacy" | "signal">,
  { table, key }: Deps["entities"][number]["source"],
  limitMs: number,
): Promise<number> {
  let began = performance.now();
  try {
    return await readOnly(
      legacy,
      async (tx) => {
        began = performance.now();
        await tx.query(`select ${key} from ${table} order by ${key} desc limit 1`);
        return performance.now() - began;
      },
      { statementMs: PATIENCE * limitMs, signal },
    );
  } catch (error) {
    const isSlow = SLOW.test(errorCode(error) ?? "") || noConnectionLeft(error);
    if (signal.aborted || !isSlow) throw error;
    return Math.max(performance.now() - began, PATIENCE * limitMs);
  }
}
