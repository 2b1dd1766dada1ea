import type { Queryable } from "@nexus/shared/database";
import { DIFY_BUDGET } from "@nexus/shared/ledger";

/** What all calls of one UTC day came to. */
export interface DayOfUsage {
  /** `2026-11-22` */
  readonly day: string;
  readonly calls: number;
  readonly throttled: number;
  readonly tokens: number;
  readonly costUsd: number;
}

const DAYS = 30;

/** The newest days on which the provider was called, the oldest first. */
export async function usageByDay(db: Queryable): Promise<DayOfUsage[]> {
  const found = await db.query<DayOfUsage>(
    `select day::text, sum(calls)::bigint as calls, sum(throttled)::bigint as throttled, sum(tokens)::bigint as tokens,
       sum(microdollars)::float8 / 1e6 as "costUsd"
     from migration.embedding_usage where model <> $1 group by day order by day desc limit $2`,
    [DIFY_BUDGET, DAYS],
  );
  return found.rows.toReversed();
}
