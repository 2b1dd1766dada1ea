-- What the API keeps for its callers, and what people are shown of a run.

-- Requests that shall be done once. `key` is the SHA-256 of caller and key, `fingerprint` an HMAC of the request under the key:
-- neither tells what was asked. No status: the first request is still being done.
create table migration.idempotency_keys (
  key bytea primary key,
  fingerprint bytea not null,
  claimed_at timestamptz not null default clock_timestamp(),
  status smallint,
  content_type text,
  body text,
  check ((status is null) = (body is null) and (status is null) = (content_type is null))
);
create index idempotency_keys_age on migration.idempotency_keys (claimed_at);

-- Progress as people were shown it at most: it never falls while a run lasts.
alter table migration.run_entities
  add column percent double precision not null default 0 check (percent between 0 and 100),
  -- Milliseconds of loaders' work behind the counts, and how many of them went into reading the source.
  add column load_ms bigint not null default 0,
  add column source_ms bigint not null default 0;
alter table migration.batches add column source_ms integer;
-- The newest finished batches of a run, for its rate.
create index batches_finished on migration.batches (run_id, finished_at) where status = 'done';
