/** What operators ask of extractors is carried out while it is open: two extractors take turns, and what a process did is not done again. */
import { type Client, errorCode, inTransaction, LONG_MS, mayPass } from "@nexus/shared/database";
import { type AskedWork, endOpen, lockOpen } from "@nexus/shared/ledger";
import type { Deps } from "./deps.ts";

/** One thing that is asked for. */
interface Asked {
  readonly work: AskedWork;
  readonly id: number;
}

/** Somebody else ended it meanwhile: nothing more is written for it. */
class AskedOver extends Error {
  override readonly name = "AskedOver";
}

/** Runs `story` in a transaction that holds what is asked for open. */
export async function whileOpen<T>(
  { target }: Pick<Deps, "target">,
  { work, id }: Asked,
  story: (tx: Client) => Promise<T>,
): Promise<T> {
  const held = async (tx: Client): Promise<T> => {
    if (!(await lockOpen(tx, work, id))) throw new AskedOver(`${work} ${id} is over`);
    return await story(tx);
  };
  return await inTransaction(target, held, { statementMs: LONG_MS });
}

/** Carries it out. What cannot be done ends with a code; a server that is away is waited for: its failure is thrown. */
export async function carryOutAsked(
  { target, log, signal }: Deps,
  { work, id }: Asked,
  story: () => Promise<void>,
): Promise<void> {
  try {
    await story();
  } catch (error) {
    if (error instanceof AskedOver) {
      log.info({ work, id }, "what was asked for was ended by somebody else");
      return;
    }
    if (signal.aborted || mayPass(error)) throw error;
    log.error({ err: error, work, id }, "what was asked for failed");
    await endOpen(target, work, id, errorCode(error) ?? "defect");
  }
}
