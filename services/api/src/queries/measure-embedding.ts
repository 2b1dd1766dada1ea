import type { Queryable } from "@nexus/shared/database";
import { ofModels } from "@nexus/shared/ledger";
import { and, count, embeddingItems, query, read, sql } from "@nexus/shared/tables";

/** How fast content is being embedded, and whether a quota holds it up. */
export interface EmbeddingPace {
  readonly open: number;
  /** Seconds that the oldest of them has waited; 0 with none. */
  readonly waitedSeconds: number;
  /** Items that were dealt with in twelve slices of ten seconds; 0 is the slice that ends now. */
  readonly slices: readonly number[];
  readonly pausedBecause: string | null;
  /** The provider throttled a while ago, or the quota's bucket is empty. */
  readonly throttled: boolean;
}

export const EMBEDDING_SLICES = 12;
export const EMBEDDING_SLICE_SECONDS = 10;

/** Nothing that is open is looked at one by one: events are counted by their pages. */
export async function measureEmbedding(db: Queryable): Promise<EmbeddingPace> {
  const found = await db.query<Omit<EmbeddingPace, "slices">>(
    `select
       (select coalesce(sum(greatest(0, items - 50 * cardinality(pages_done))), 0)::bigint
        from migration.content_events where done_at is null) as open,
       (select coalesce(extract(epoch from now() - min(created_at)), 0)::float8
        from migration.content_events where done_at is null) as "waitedSeconds",
       (select coalesce(pause_reason, 'money_cap') from migration.rate_budget
        where ${ofModels} and (pause_reason is not null or run_microdollars >= cap_microdollars)
        order by paused_at desc nulls last limit 1) as "pausedBecause",
       exists (select from migration.rate_budget where ${ofModels} and (share < 1 or blocked_until > now() or tokens < 0
         or (requests_per_minute is not null and requests < 1))) as throttled`,
  );
  const [row = { open: 0, waitedSeconds: 0, pausedBecause: null, throttled: false }] = found.rows;
  return { ...row, slices: row.open > 0 ? await slicesOf(db) : [] };
}

async function slicesOf(db: Queryable): Promise<number[]> {
  const { settled_at } = embeddingItems;
  const seconds = EMBEDDING_SLICE_SECONDS * EMBEDDING_SLICES;
  const ago = sql<number>`floor(extract(epoch from now() - ${settled_at}) / ${EMBEDDING_SLICE_SECONDS}::float8)::integer`;
  const found = await read(
    db,
    query
      .select({ ago, items: count() })
      .from(embeddingItems)
      .where(
        and(
          sql`${settled_at} > now() - ${seconds}::float8 * interval '1 s'`,
          sql`${settled_at} <= now()`,
        ),
      )
      .groupBy(sql`1`),
  );
  const slices = Array<number>(EMBEDDING_SLICES).fill(0);
  for (const { ago, items } of found) if (ago < EMBEDDING_SLICES) slices[ago] = items;
  return slices;
}
