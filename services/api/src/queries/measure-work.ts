import { INDEX_STATE, type Queryable } from "@nexus/shared/database";
import { ofModels } from "@nexus/shared/ledger";
import {
  and,
  batches,
  type Columns,
  count,
  eq,
  query,
  type rateBudget,
  read,
  type runEntities,
  sql,
} from "@nexus/shared/tables";

/** Jobs of one queue, by the ledger. Instants are seconds since 1970. */
export interface Offered {
  readonly entity: string;
  readonly jobs: number;
  readonly oldest: number;
}

/** Batches that were offered to the queue and are not done: never more than the extractors' high-water mark. */
export async function offeredBatches(db: Queryable, runId: number): Promise<Offered[]> {
  const { entity, queued_at } = batches;
  return await read(
    db,
    query
      .select({
        entity,
        jobs: count(),
        oldest: sql<number>`extract(epoch from min(${queued_at}))::float8`,
      })
      .from(batches)
      .where(and(eq(batches.run_id, runId), eq(batches.status, "queued")))
      .groupBy(entity),
  );
}

/** Since when the first batch, in order, of each entity that loads could be offered and was not: seconds since 1970, by entity. */
export async function waitingBatches(
  db: Queryable,
  runId: number,
): Promise<Record<string, number>> {
  const found = await db.query<Pick<typeof runEntities.$inferSelect, "entity"> & { since: number }>(
    `select e.entity, extract(epoch from greatest(e.started_at, b.available_at))::float8 as since
     from migration.run_entities e cross join lateral (
       select available_at from migration.batches
       where run_id = e.run_id and entity = e.entity and status = 'planned' order by seq limit 1) b
     where e.run_id = $1 and e.status = 'loading'`,
    [runId],
  );
  return Object.fromEntries(found.rows.map(({ entity, since }) => [entity, since]));
}

/** Content that waits for the embedder, and what embedding costs. Money is in millionths of a dollar, instants as above. */
export interface EmbeddingWork {
  readonly pages: number;
  readonly relayedPages: number;
  readonly oldest: number | null;
  readonly indexPending: boolean;
  readonly calls: number;
  readonly throttled: number;
  readonly failed: number;
  readonly tokens: number;
  readonly microdollars: number;
  readonly runMicrodollars: number;
  readonly capMicrodollars: number | null;
  readonly requestsPerMinute: number | null;
  readonly tokensPerMinute: number | null;
  readonly share: number | null;
  readonly paused: string | null;
}

/** Null where no embedder has written it down. */
type Quota = {
  [Name in keyof QuotaRow]: QuotaRow[Name] | null;
};

type QuotaRow = Columns<
  typeof rateBudget,
  {
    capMicrodollars: "cap_microdollars";
    requestsPerMinute: "requests_per_minute";
    tokensPerMinute: "tokens_per_minute";
    share: "share";
  }
>;

/** Looks at open events (one for each batch), the days of the bill and the budget: not at content, whatever there is of it. */
export async function embeddingWork(db: Queryable): Promise<EmbeddingWork | undefined> {
  const found = await db.query<Quota & Omit<EmbeddingWork, keyof Quota>>(
    `select o.pages, o.relayed as "relayedPages", o.oldest, u.calls, u.throttled, u.failed, u.tokens, u.microdollars,
       (to_regclass('public.ai_embeddings') is not null and exists (select from migration.embedding_items where chunks > 0)
         and not coalesce(x.valid, false)
       ) as "indexPending",
       coalesce(b.run_microdollars, 0) as "runMicrodollars", b.cap_microdollars as "capMicrodollars",
       b.requests_per_minute as "requestsPerMinute", b.tokens_per_minute as "tokensPerMinute", b.share,
       coalesce(b.pause_reason, case when b.run_microdollars >= b.cap_microdollars then 'money_cap' end) as paused
     from (select coalesce(sum(left_over), 0)::bigint as pages,
             coalesce(sum(left_over) filter (where relayed_at is not null), 0)::bigint as relayed,
             extract(epoch from min(created_at))::float8 as oldest
           from (select created_at, relayed_at, greatest(0, (items + 49) / 50 - cardinality(pages_done)) as left_over
                 from migration.content_events where done_at is null) open) o,
       (select coalesce(sum(calls), 0)::bigint as calls, coalesce(sum(throttled), 0)::bigint as throttled,
          coalesce(sum(failed), 0)::bigint as failed, coalesce(sum(tokens), 0)::bigint as tokens,
          coalesce(sum(microdollars), 0)::bigint as microdollars
        from migration.embedding_usage where ${ofModels}) u
       cross join (${INDEX_STATE}) x
       left join lateral (select * from migration.rate_budget where ${ofModels} order by filled_at desc limit 1) b on true`,
  );
  return found.rows[0];
}

/** When a run's newest batch was done, in seconds since 1970. Null: none was. */
export async function newestBatch(db: Queryable, runId: number): Promise<number | null> {
  const at = sql<number | null>`extract(epoch from max(${batches.finished_at}))::float8`;
  const done = and(eq(batches.run_id, runId), eq(batches.status, "done"));
  const [newest] = await read(db, query.select({ at }).from(batches).where(done));
  return newest?.at ?? null;
}
