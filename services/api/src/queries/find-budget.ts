import type { Queryable } from "@nexus/shared/database";
import { OTHER_BUDGETS } from "@nexus/shared/ledger";
import { desc, notInArray, query, rateBudget, read, sql } from "@nexus/shared/tables";

const budget = {
  requestsPerMinute: rateBudget.requests_per_minute,
  tokensPerMinute: rateBudget.tokens_per_minute,
  share: rateBudget.share,
  capUsd: sql<number | null>`${rateBudget.cap_microdollars}::float8 / 1e6`,
  spentUsd: sql<number>`${rateBudget.run_microdollars}::float8 / 1e6`,
};

/** The quota of the embedding model that was used last, and the money that was spent since somebody started a run with embeddings. */
export interface Budget {
  readonly requestsPerMinute: number | null;
  readonly tokensPerMinute: number | null;
  /** The share of the quota that the provider bears now. */
  readonly share: number;
  readonly capUsd: number | null;
  readonly spentUsd: number;
}

/** Null before the first embedder has written its quota down. */
export async function findBudget(db: Queryable): Promise<Budget | null> {
  const [newest] = await read(
    db,
    query
      .select(budget)
      .from(rateBudget)
      .where(notInArray(rateBudget.model, [...OTHER_BUDGETS]))
      .orderBy(desc(rateBudget.filled_at))
      .limit(1),
  );
  return newest ?? null;
}
