/** Whether statements may be sent before those ahead of them are answered. Every PostgreSQL takes that; not every pooler before one does. */
import { letsInLater } from "./failures.ts";
import { type Pool, type PoolOptions, withPool } from "./pool.ts";
import { readAtOnce, readOnly } from "./transaction.ts";
import { together } from "./trips.ts";

type Where = Omit<PoolOptions, "onError" | "pipelined">;

/**
 * Tries it. A pooler that lends a session for a transaction may take it back with the first answer, and lose the others, or give them to
 * somebody else: false then. True where nobody answers at all: that is told by whoever looks at the server next. Throws what a server
 * says that will let us in later.
 */
export async function takesPipelines(where: Where): Promise<boolean> {
  const one = { ...where, max: 1 };
  try {
    return await withPool({ ...one, pipelined: true }, answersInOrder);
  } catch {
    return !(await withPool(one, (pool) => readOnly(pool, (tx) => tx.query(ASKED))).then(
      () => true,
      (error: unknown) => {
        if (letsInLater(error)) throw error;
        return false;
      },
    ));
  }
}

const ASKED = "select pg_backend_pid() as pid";

/** What is not answered soon after that is lost. */
const STATEMENT_MS = 3_000;

async function answersInOrder(pool: Pool): Promise<boolean> {
  const answers = await readAtOnce(
    pool,
    (tx) =>
      together([1, 2, 3].map((n) => tx.query<{ n: number; pid: number }>(`${ASKED}, ${n} as n`))),
    { statementMs: STATEMENT_MS },
  );
  const rows = answers.flatMap((answer) => answer.rows);
  return rows.length === 3 && rows.every(({ n, pid }, at) => n === at + 1 && pid === rows[0]?.pid);
}
