/** What a rollback writes, it writes while nobody has ended it. */
import { type Client, inTransaction, LONG_MS, type Pool } from "@nexus/shared/database";
import { lockRollback, type Rollback } from "@nexus/shared/ledger";

/** Somebody else ended the rollback meanwhile: nothing more is written. */
export class RollbackOver extends Error {
  override readonly name = "RollbackOver";
}

/** Runs `work` in a transaction that holds the rollback open. Two extractors take turns. */
export async function whileOpen<T>(
  target: Pool,
  { id }: Rollback,
  work: (tx: Client) => Promise<T>,
): Promise<T> {
  const story = async (tx: Client): Promise<T> => {
    if (!(await lockRollback(tx, id))) throw new RollbackOver("the rollback is over");
    return await work(tx);
  };
  return await inTransaction(target, story, { statementMs: LONG_MS });
}
