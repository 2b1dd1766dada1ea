-- What embedding may take and cost: one row per model, shared by every process. Counts of money and tokens are integers.

create table migration.rate_budget (
  model text primary key,
  -- The quota as configured (null: not limited), and the pace made of it: per second, and at most at once.
  requests_per_minute integer,
  tokens_per_minute integer,
  request_rate double precision not null check (request_rate > 0),
  request_burst double precision not null check (request_burst >= 1),
  token_rate double precision not null check (token_rate > 0),
  token_burst double precision not null check (token_burst >= 1),
  -- The buckets as they were at filled_at. Tokens may be owed: below zero. So may one request, for a person who waits.
  requests double precision not null check (requests >= -1),
  tokens double precision not null,
  filled_at timestamptz not null default clock_timestamp(),
  -- The share of the pace that the provider bears: lowered when it throttles, raised with time.
  share double precision not null default 1 check (share > 0 and share <= 1),
  lowered_at timestamptz not null default clock_timestamp(),
  -- Retry-After, for all.
  blocked_until timestamptz not null default clock_timestamp(),
  -- Calls since the last answer, all of them throttled or failed.
  unanswered integer not null default 0,
  unanswered_since timestamptz,
  -- While paused, one call is let through at probe_at; the next one twice as long after it.
  paused_at timestamptz,
  pause_reason text check (pause_reason in ('throttled', 'unavailable', 'stopped')),
  pause_code text,
  probe_at timestamptz,
  probe_delay interval,
  -- The newest run with embeddings pays, whatever the call is for.
  microdollars_per_million_tokens bigint not null check (microdollars_per_million_tokens >= 0),
  cap_microdollars bigint check (cap_microdollars >= 0),
  run_id integer,
  run_tokens bigint not null default 0,
  run_microdollars bigint not null default 0,
  check ((paused_at is null) = (pause_reason is null) and (paused_at is null) = (probe_at is null)
    and (paused_at is null) = (probe_delay is null))
) with (fillfactor = 50);

-- The bill, by UTC day: `calls` were answered with a vector, and only they cost; `failed` are all others that were not throttled.
create table migration.embedding_usage (
  model text not null,
  day date not null,
  calls bigint not null default 0,
  tokens bigint not null default 0,
  throttled bigint not null default 0,
  failed bigint not null default 0,
  microdollars bigint not null default 0,
  primary key (model, day)
) with (fillfactor = 50);
