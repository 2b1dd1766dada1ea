import type { Queryable } from "@nexus/shared/database";
import { DIFY_BUDGET } from "@nexus/shared/ledger";

/** The quota of the embedding model that was used last, and the money of the newest run with embeddings. */
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
  const found = await db.query<Budget>(
    `select requests_per_minute as "requestsPerMinute", tokens_per_minute as "tokensPerMinute", share,
       cap_microdollars::float8 / 1e6 as "capUsd", run_microdollars::float8 / 1e6 as "spentUsd"
     from migration.rate_budget where model <> $1
       order by filled_at desc limit 1`,
    [DIFY_BUDGET],
  );
  return found.rows[0] ?? null;
}
