/** Reserving: one statement asks for the calls of all who wait in this process, and takes as many as may start now. */
import type { Queryable } from "../../database/pool.ts";
import type { Grant, Haste, PauseReason } from "./budget.ts";
import { SOON } from "./soon.ts";

/** Seconds after which the share of the pace has been raised from nothing to all of it. */
const RAISED_IN_S = 50;

/** The longest wait, in milliseconds: who waits looks again, because the pace may have changed, or the pool may be open. */
const LONGEST_WAIT_MS = 5_000;

/** When the spending cap is looked at again, in milliseconds. */
const CAP_RETRY_MS = 60_000;

/** The longest pause between two probes. */
const LONGEST_PROBE_DELAY = "60 s";

interface Answer {
  readonly at: string;
  readonly granted: number;
  readonly reason: PauseReason | null;
  readonly retry_ms: number;
  readonly waits_ms: readonly number[];
}

/**
 * Reads the row under its lock, fills the buckets up to now, and takes what is there. The first wishes go first.
 * A request needs a whole permit. Tokens may be owed: whoever finds some gets all he asks for, and the others wait for the debt,
 * so that a long text is not overtaken for ever by short ones. The prompt may owe a request, too. Nothing is written when nothing is granted.
 */
const RESERVE = `
  with
  -- The one row that every process waits for, locked; and the newest run that somebody started: it begins a new bill.
  budget as materialized (
    select b.*, (select max(id) from migration.runs where embeddings and new_bill) as newest_run
    from migration.rate_budget b where b.model = $1::text for update of b),
  -- Now, read after the lock was had, and the seconds since the buckets were filled.
  clock as materialized (
    select at, greatest(0, extract(epoch from at - filled_at)::double precision) * $3::double precision as elapsed
    from (select clock_timestamp() as at, filled_at, ${SOON} from budget) locked),
  -- The buckets as they are now, what may be owed, and why nothing is granted.
  filled as materialized (
    select at, newest_run, run_id is distinct from newest_run as new_run,
      least(request_burst, requests + elapsed * request_rate * share) as requests,
      least(token_burst, tokens + elapsed * token_rate * share) as tokens,
      case when paused_at is null then least(1, share + elapsed / ${RAISED_IN_S}) else share end as share,
      request_rate * share as request_rate, token_rate * share as token_rate, blocked_until,
      case when $4::boolean then 1 else 0 end as owed_requests, case when $4::boolean then token_burst else 0 end as owed_tokens,
      case when not $4::boolean and run_microdollars >= cap_microdollars and run_id is not distinct from newest_run then 'money_cap'
        else pause_reason end as reason,
      probe_at <= at as probe_due, probe_at,
      case when paused_at is not null then least(2 * probe_delay, interval '${LONGEST_PROBE_DELAY}') end as next_delay
    from budget, clock),
  -- The wishes in their order, each with the tokens asked for before it.
  wishes as (
    select nth, tokens, sum(tokens) over (order by nth) - tokens as before
    from unnest($2::integer[]) with ordinality as wish (tokens, nth)),
  -- How long each wish must wait for its permit, its tokens and the end of a Retry-After.
  waits as materialized (
    select nth, wishes.tokens, greatest(0,
      (nth - filled.requests - owed_requests) / request_rate,
      (before + 1 - filled.tokens - owed_tokens) / token_rate,
      extract(epoch from blocked_until - at)::double precision * $3::double precision) as seconds
    from wishes, filled),
  -- Those that need not wait; while paused only the first one, as a probe, when one is due.
  granted as materialized (
    select count(*)::integer as calls, coalesce(sum(waits.tokens), 0) as tokens
    from waits, filled
    where seconds = 0 and (reason is null or reason <> 'money_cap' and probe_due and nth = 1)),
  -- What was granted is taken out of the buckets; a new bill begins at nothing.
  taken as (
    update migration.rate_budget b set
      requests = filled.requests - granted.calls, tokens = filled.tokens - granted.tokens,
      filled_at = greatest(b.filled_at, at), share = filled.share, run_id = newest_run,
      run_tokens = case when new_run then 0 else run_tokens end,
      run_microdollars = case when new_run then 0 else run_microdollars end,
      probe_at = at + next_delay / $3::double precision,
      probe_delay = next_delay
    from filled, granted where b.model = $1::text and granted.calls > 0)
  select at, calls as granted, reason,
    least(${LONGEST_WAIT_MS}, ceil(1000 * greatest(0.001,
      extract(epoch from blocked_until - at)::double precision,
      extract(epoch from case when probe_due then next_delay / $3::double precision else probe_at - at end)::double precision
    )))::integer as retry_ms,
    (select array_agg(least(${LONGEST_WAIT_MS}, ceil(1000 * seconds / $3::double precision))::integer order by nth) from waits) as waits_ms
  from filled, granted`;

/** One grant per wish (tokens), in their order. */
export async function reserve(
  ledger: Queryable,
  model: string,
  wishes: readonly number[],
  { haste, clockSpeed }: { readonly haste: Haste; readonly clockSpeed: number },
): Promise<Grant[]> {
  const { rows } = await ledger.query<Answer>(RESERVE, [
    model,
    wishes,
    clockSpeed,
    haste === "prompt",
  ]);
  const [answer] = rows;
  if (answer === undefined) throw new Error(`no budget is open for ${model}`);
  return wishes.map((tokens, index) => grantOf(answer, tokens, index));
}

function grantOf(
  { at, granted, reason, retry_ms, waits_ms }: Answer,
  tokens: number,
  index: number,
): Grant {
  if (index < granted) return { kind: "granted", reservation: { tokens, grantedAt: at } };
  if (reason === "money_cap") return { kind: "paused", reason, retryMs: CAP_RETRY_MS };
  if (reason !== null) return { kind: "paused", reason, retryMs: retry_ms };
  return { kind: "wait", ms: Math.max(1, waits_ms[index] ?? 0) };
}
