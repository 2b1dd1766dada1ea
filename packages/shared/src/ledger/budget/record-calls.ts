/** What became of calls goes into the buckets, the pace, the breaker and the bill, in one statement for all of this process. */
import type { Queryable } from "../../database/pool.ts";
import type { CallOutcome, Reservation } from "./budget.ts";
import { SOON } from "./soon.ts";

/** One call and what became of it. */
export interface EndedCall {
  readonly reservation: Reservation;
  readonly outcome: CallOutcome;
}

/** A 429 lowers the pace to this part of it, */
const LOWERED_TO = 0.8;
/** never below this part of the quota's pace, */
const LEAST_SHARE = 0.01;
/** and only if its call was granted this long after the last lowering: the others tell of the pace before it. */
const LOWERING_WINDOW = "1 s";

/** The pool is paused when at least so many calls in a row, */
const TRIPS_AT = 3;
/** over at least this time, were not answered, */
const BREAKER_WINDOW = "5 s";
/** or so many in whatever time: failing takes no time, and the processor that a load is working with. */
const TRIPS_AT_ONCE = 20;
const FIRST_PROBE_DELAY = "1 s";

/** After a pause the pace starts here at least: the provider has had its rest. */
const REOPENED_AT = 0.5;

/** Usage is written after the budget's row and from it, so that any two statements lock in one order. */
const RECORD = `
  with
  -- The one row that every process waits for, locked.
  budget as materialized (
    select * from migration.rate_budget where model = $1::text for update),
  -- What became of the calls, in one row.
  calls as materialized (
    select count(*) filter (where kind = 'used') as used, coalesce(sum(tokens), 0)::bigint as tokens,
      coalesce(sum(reserved - tokens), 0) as unused, max(granted_at) filter (where kind in ('used', 'rejected')) as answered_at,
      count(*) filter (where kind = 'throttled') as throttled, max(granted_at) filter (where kind = 'throttled') as throttled_at,
      max(retry_after_ms) as retry_after_ms,
      count(*) filter (where kind = 'failed') as failed, count(*) filter (where kind = 'rejected') as rejected,
      count(*) filter (where kind = 'stopped') as stopped, max(code) as stop_code
    from unnest($3::text[], $4::timestamptz[], $5::bigint[], $6::bigint[], $7::double precision[], $8::text[])
      as call (kind, granted_at, reserved, tokens, retry_after_ms, code)),
  -- Now, read after the lock was had.
  clock as materialized (select clock_timestamp() as at, ${SOON} from budget),
  -- How many calls in a row were not answered, and since when: an answer begins anew.
  silence as (
    select case when answered_at is not null then 0 else unanswered + throttled + failed end as unanswered,
      case when answered_at is not null then null
        when throttled + failed > 0 then coalesce(unanswered_since, at) else unanswered_since end as since
    from budget, calls, clock),
  -- What follows: an answer to a probe reopens, a 429 lowers the pace, silence or a stop trips the breaker.
  news as materialized (
    select calls.*, at, silence.unanswered as silent, since,
      paused_at is not null and stopped = 0 and coalesce(answered_at > paused_at, false) as reopens,
      coalesce(throttled_at > lowered_at + interval '${LOWERING_WINDOW}' / $2::double precision, false) as lowers,
      case when stopped > 0 then 'stopped'
        when paused_at is null and (silence.unanswered >= ${TRIPS_AT_ONCE} or silence.unanswered >= ${TRIPS_AT}
          and since <= at - interval '${BREAKER_WINDOW}' / $2::double precision)
        then case when throttled > 0 then 'throttled' else 'unavailable' end end as trips
    from budget, calls, clock, silence),
  -- The buckets get back what was not used; pace, breaker and bill are written.
  recorded as (
    update migration.rate_budget b set
      tokens = least(b.token_burst, b.tokens + unused),
      share = case when reopens then greatest(share, ${REOPENED_AT})
        when lowers then greatest(share * ${LOWERED_TO}, ${LEAST_SHARE}) else share end,
      lowered_at = case when lowers then at else lowered_at end,
      filled_at = case when reopens then greatest(filled_at, at) else filled_at end,
      blocked_until = greatest(blocked_until, at + retry_after_ms / $2::double precision * interval '1 ms'),
      unanswered = silent, unanswered_since = since,
      paused_at = case when reopens then null else coalesce(paused_at, case when trips is not null then at end) end,
      pause_reason = case when reopens then null else coalesce(trips, pause_reason) end,
      pause_code = case when reopens then null else coalesce(stop_code, pause_code) end,
      probe_at = case when reopens then null
        else coalesce(probe_at, case when trips is not null then at + interval '${FIRST_PROBE_DELAY}' / $2::double precision end) end,
      probe_delay = case when reopens then null
        else coalesce(probe_delay, case when trips is not null then interval '${FIRST_PROBE_DELAY}' end) end,
      run_tokens = run_tokens + news.tokens,
      run_microdollars = run_microdollars + (run_tokens + news.tokens) * microdollars_per_million_tokens / 1000000
        - run_tokens * microdollars_per_million_tokens / 1000000
    from news where b.model = $1::text
    returning b.model, news.at, used, news.tokens, throttled,
      failed + rejected + stopped as failed, microdollars_per_million_tokens as price)
  -- The day's usage, priced as the bill is: what is new is the difference of two rounded sums.
  insert into migration.embedding_usage as u (model, day, calls, tokens, throttled, failed, microdollars)
  select model, (at at time zone 'utc')::date, used, tokens, throttled, failed, tokens * price / 1000000 from recorded
  on conflict (model, day) do update set
    calls = u.calls + excluded.calls, tokens = u.tokens + excluded.tokens,
    throttled = u.throttled + excluded.throttled, failed = u.failed + excluded.failed,
    microdollars = u.microdollars + (u.tokens + excluded.tokens) * (select price from recorded) / 1000000
      - u.tokens * (select price from recorded) / 1000000`;

/** Records all of them or, when it throws, none (unless the connection broke after the commit and before its answer). */
export async function record(
  ledger: Queryable,
  model: string,
  ended: readonly EndedCall[],
  clockSpeed: number,
): Promise<void> {
  const outcomes = ended.map(({ outcome }) => outcome);
  const recorded = await ledger.query(RECORD, [
    model,
    clockSpeed,
    outcomes.map(({ kind }) => kind),
    ended.map(({ reservation }) => reservation.grantedAt),
    ended.map(({ reservation }) => reservation.tokens),
    outcomes.map((outcome) => (outcome.kind === "used" ? outcome.tokens : null)),
    outcomes.map((outcome) => (outcome.kind === "throttled" ? outcome.retryAfterMs : null)),
    outcomes.map((outcome) => (outcome.kind === "stopped" ? outcome.code : null)),
  ]);
  if (recorded.rowCount !== 1) throw new Error(`no budget is open for ${model}`);
}
