/** How far embedding is: for people and scrapes. */
import type { Queryable } from "../database/pool.ts";
import { DIFY_BUDGET } from "./dify-progress.ts";

/**
 * `unavailable`: the target has no table for vectors. `paused`: see `pausedBecause`. `embedding`: content is waiting or being embedded.
 * `indexing`: all vectors are there, their index is being built. `idle`: nothing is to be done.
 */
type EmbeddingStatus = "unavailable" | "paused" | "embedding" | "indexing" | "idle";

export interface EmbeddingProgress {
  readonly status: EmbeddingStatus;
  readonly pausedBecause: string | null;
  /** Content rows by what was done with them; `open`: still to be looked at, which may include rows that are done in an older version. */
  readonly items: {
    readonly open: number;
    readonly done: number;
    readonly empty: number;
    readonly failed: number;
  };
  readonly vectors: number;
  /** What was paid for, over all time. */
  readonly usage: {
    readonly calls: number;
    readonly throttled: number;
    readonly tokens: number;
    readonly microdollars: number;
  };
  readonly index: {
    readonly state: "absent" | "building" | "invalid" | "ready";
    readonly percent: number | null;
  };
}

interface Row {
  readonly available: boolean;
  readonly open: number;
  readonly done: number;
  readonly empty: number;
  readonly failed: number;
  readonly vectors: number;
  readonly calls: number;
  readonly throttled: number;
  readonly tokens: number;
  readonly microdollars: number;
  readonly paused: string | null;
  readonly valid: boolean | null;
  readonly percent: number | null;
}

/** A page that is done counts 50 ids, even where it is the last and holds fewer: then its event is done. */
const PROGRESS = `
  select to_regclass('migration.embedding_texts') is not null as available, o.open, i.done, i.empty, i.vectors,
    (select count(*) from migration.embedding_failures) as failed, u.calls, u.throttled, u.tokens, u.microdollars,
    (select coalesce(pause_reason, 'money_cap') from migration.rate_budget
     where model <> '${DIFY_BUDGET}' and (pause_reason is not null or run_microdollars >= cap_microdollars) order by paused_at desc nulls last limit 1) as paused,
    (select indisvalid from pg_index where indexrelid = to_regclass('public.ai_embeddings_hnsw')) as valid,
    (select round(100.0 * coalesce(blocks_done, 0) / greatest(1, blocks_total))::integer from pg_stat_progress_create_index
     where relid = to_regclass('public.ai_embeddings') limit 1) as percent
  from (select coalesce(sum(greatest(0, items - 50 * cardinality(pages_done))), 0)::bigint as open
        from migration.content_events where done_at is null) o,
    (select count(*) filter (where chunks > 0) as done, count(*) filter (where chunks = 0) as empty,
       coalesce(sum(chunks), 0)::bigint as vectors from migration.embedding_items) i,
    (select coalesce(sum(calls), 0)::bigint as calls, coalesce(sum(throttled), 0)::bigint as throttled,
       coalesce(sum(tokens), 0)::bigint as tokens, coalesce(sum(microdollars), 0)::bigint as microdollars
     from migration.embedding_usage where model <> '${DIFY_BUDGET}') u`;

/** Reads the ledger; its cost grows with the number of content rows, a few ms per 100,000. */
export async function embeddingProgress(db: Queryable): Promise<EmbeddingProgress> {
  const { rows } = await db.query<Row>(PROGRESS);
  const [row] = rows;
  if (row === undefined) throw new Error("an aggregate without a row");
  const { open, done, empty, failed, vectors, calls, throttled, tokens, microdollars } = row;
  return {
    status: statusOf(row),
    pausedBecause: open > 0 ? row.paused : null,
    items: { open, done, empty, failed },
    vectors,
    usage: { calls, throttled, tokens, microdollars },
    index: { state: indexState(row), percent: row.percent },
  };
}

function statusOf({ available, open, paused, percent }: Row): EmbeddingStatus {
  if (!available) return "unavailable";
  if (open > 0) return paused === null ? "embedding" : "paused";
  return percent === null ? "idle" : "indexing";
}

function indexState({ valid, percent }: Row): EmbeddingProgress["index"]["state"] {
  if (percent !== null) return "building";
  if (valid === null) return "absent";
  return valid ? "ready" : "invalid";
}
