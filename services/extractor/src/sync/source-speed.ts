/** How fast the source answers: the time of a query that reads one entry of a primary key's index. */
import { errorCode, readOnly } from "@nexus/shared/database";
import type { Deps } from "../deps.ts";

/** So many tables are asked, each once: one that is locked, or one hiccup, does not make a source slow. */
const PROBES = 3;

/** A probe is given up after so many times what is accepted: it is too slow then. */
const PATIENCE = 2;

/** Milliseconds of the fastest probe. The connection is not waited for in them. Throws what keeps the source from answering at all. */
export async function sourceSpeed(
  deps: Pick<Deps, "entities" | "legacy" | "signal">,
  limitMs: number,
): Promise<number> {
  let fastest = Infinity;
  for (const { source } of deps.entities.slice(0, PROBES)) {
    fastest = Math.min(fastest, await probe(deps, source, limitMs));
    if (fastest <= limitMs) break;
  }
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
    const code = errorCode(error);
    if (signal.aborted || (code !== "57014" && code !== "55P03")) throw error;
    return performance.now() - began;
  }
}
