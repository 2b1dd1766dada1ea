import type { Queryable } from "@nexus/shared/database";
import { OTHER_BUDGETS } from "@nexus/shared/ledger";
import { desc, embeddingUsage, notInArray, query, read, sql } from "@nexus/shared/tables";

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
  const found = await read(
    db,
    query
      .select({
        day: embeddingUsage.day,
        calls: sql<number>`sum(${embeddingUsage.calls})::bigint`,
        throttled: sql<number>`sum(${embeddingUsage.throttled})::bigint`,
        tokens: sql<number>`sum(${embeddingUsage.tokens})::bigint`,
        costUsd: sql<number>`sum(${embeddingUsage.microdollars})::float8 / 1e6`,
      })
      .from(embeddingUsage)
      .where(notInArray(embeddingUsage.model, [...OTHER_BUDGETS]))
      .groupBy(embeddingUsage.day)
      .orderBy(desc(embeddingUsage.day))
      .limit(DAYS),
  );
  return found.toReversed();
}
