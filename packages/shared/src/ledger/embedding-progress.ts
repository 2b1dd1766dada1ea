/** How far embedding is, and what is still to come: for people and scrapes. */
import type { Queryable } from "../database/pool.ts";
import { INDEX_STATE } from "../database/vector-buckets.ts";
import { type Forecast, forecast } from "./budget/forecast-time-and-price.ts";
import { ofModels } from "./other-budgets.ts";

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
  /** What is still to come, at most: what is open, and what a run with embeddings may yet change. */
  readonly forecast: EmbeddingForecast;
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

/** Time and price are null until an embedder has written down the quota and the price. */
interface EmbeddingForecast extends Pick<Forecast, "calls" | "tokens"> {
  readonly items: number;
  readonly seconds: number | null;
  readonly boundBy: Forecast["boundBy"] | null;
  readonly microdollars: number | null;
  /** Content entities of the active run whose rows no run has counted yet: what they hold is in none of these figures. */
  readonly uncounted: readonly string[];
}

interface Row {
  /** Rows of the active run's content that were not read yet, by its plan or by that of the run before. */
  readonly toCome: number;
  /** With commas between them; null: there is none. */
  readonly uncounted: string | null;
  readonly requestsPerMinute: number | null;
  readonly tokensPerMinute: number | null;
  /** Null: there is no budget yet. */
  readonly usdPer1kTokens: number | null;
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

/**
 * What the active run may yet change, by its plan or by that of the run before; a run that was cancelled may have counted a part only.
 * Of runs before, a delta knew of the rows that it did not read, too; a repair (without a cursor) says nothing of the others.
 */
const TO_COME = `
  select coalesce(sum(greatest(0, p.expected - e.read)), 0)::bigint as "toCome",
    string_agg(e.entity, ',' order by e.position) filter (where p.expected is null) as uncounted
  from migration.runs r join migration.run_entities e on e.run_id = r.id and e.entity = any($1::text[])
  left join lateral (
    select expected + case when run_id < r.id then unchanged else 0 end as expected from migration.run_entities
    where entity = e.entity and run_id <= r.id and status not in ('waiting', 'planning', 'skipped', 'cancelled')
      and (run_id = r.id or cursor_key > -9223372036854775808 or batches = 0)
    order by run_id desc limit 1) p on true
  where r.embeddings and r.status in ('planned', 'running', 'paused') and e.status not in ('skipped', 'cancelled')`;

/** A page that is done counts as 50 ids. The last one may hold fewer, but then its event is done. */
const PROGRESS = `
  select to_regclass('migration.embedding_texts') is not null as available, o.open, i.done, i.empty, i.vectors,
    (select count(*) from migration.embedding_failures) as failed, u.calls, u.throttled, u.tokens, u.microdollars,
    (select coalesce(pause_reason, 'money_cap') from migration.rate_budget
     where ${ofModels} and (pause_reason is not null or run_microdollars >= cap_microdollars) order by paused_at desc nulls last limit 1) as paused,
    x.valid, x.percent,
    b.requests_per_minute as "requestsPerMinute", b.tokens_per_minute as "tokensPerMinute",
    b.microdollars_per_million_tokens / 1e9::float8 as "usdPer1kTokens",
    c."toCome", c.uncounted
  from (select coalesce(sum(greatest(0, items - 50 * cardinality(pages_done))), 0)::bigint as open
        from migration.content_events where done_at is null) o,
    (select count(*) filter (where chunks > 0) as done, count(*) filter (where chunks = 0) as empty,
       coalesce(sum(chunks), 0)::bigint as vectors from migration.embedding_items) i,
    (select coalesce(sum(calls), 0)::bigint as calls, coalesce(sum(throttled), 0)::bigint as throttled,
       coalesce(sum(tokens), 0)::bigint as tokens, coalesce(sum(microdollars), 0)::bigint as microdollars
     from migration.embedding_usage where ${ofModels}) u
    cross join (${INDEX_STATE}) x
    cross join (${TO_COME}) c
    left join (select * from migration.rate_budget where ${ofModels} order by filled_at desc limit 1) b on true`;

/**
 * Reads the ledger; its cost grows with the number of content rows, a few ms per 100,000.
 * `contents`: the entities whose rows are content; without them the forecast leaves out what an active run has not read yet.
 * `more`: content rows that are still to come beside those, for the forecast.
 */
export async function embeddingProgress(
  db: Queryable,
  contents: readonly string[] = [],
  more = 0,
): Promise<EmbeddingProgress> {
  const { rows } = await db.query<Row>(PROGRESS, [contents]);
  const [row] = rows;
  if (row === undefined) throw new Error("an aggregate without a row");
  const { open, done, empty, failed, vectors, calls, throttled, tokens, microdollars } = row;
  return {
    status: statusOf(row),
    pausedBecause: open > 0 ? row.paused : null,
    items: { open, done, empty, failed },
    vectors,
    forecast: forecastOf({ ...row, toCome: row.toCome + more }),
    usage: { calls, throttled, tokens, microdollars },
    index: { state: indexState(row), percent: row.percent },
  };
}

/** The sample's 14,650 items took 0.47 calls each, of 30 tokens. These figures are used until enough is known of the real items. */
const ASSUMED = { callsPerItem: 1, tokensPerCall: 40 };
const ENOUGH_ITEMS = 1_000;

function forecastOf(row: Row): EmbeddingForecast {
  const { open, toCome, done, empty, failed, calls, tokens, usdPer1kTokens, ...quota } = row;
  const uncounted = row.uncounted?.split(",") ?? [];
  const seen = done + empty + failed;
  const known = seen >= ENOUGH_ITEMS && calls > 0;
  const items = open + toCome;
  const expected = Math.ceil(items * (known ? calls / seen : ASSUMED.callsPerItem));
  const amount = {
    calls: expected,
    tokens: Math.ceil(expected * (known ? tokens / calls : ASSUMED.tokensPerCall)),
  };
  if (usdPer1kTokens === null)
    return { items, ...amount, seconds: null, boundBy: null, microdollars: null, uncounted };
  return { items, ...forecast(amount, { ...quota, usdPer1kTokens }), uncounted };
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
