-- Following a live source: deltas are begun again and again, until somebody says stop or a person is needed. The newest row is what holds.
create table migration.syncs (
  id integer generated always as identity primary key,
  -- Seconds from the begin of a run to that of the next.
  every_seconds integer not null check (every_seconds > 0),
  -- What its deltas are begun with: {"embeddings": true, "codes": "{}", …}.
  asked jsonb not null,
  actor text not null,
  reason text,
  created_at timestamptz not null default now(),
  -- The newest delta that was begun for it, and how many there were.
  run_id integer references migration.runs,
  deltas integer not null default 0,
  -- Milliseconds in which the source answered last, the most that an extractor accepts (SYNC_SOURCE_LATENCY), and when that was.
  source_ms integer,
  source_limit_ms integer,
  measured_at timestamptz,
  -- Since when it waits for the source to answer faster; null: it does not.
  paused_since timestamptz,
  -- Null: it goes on.
  stopped_at timestamptz,
  stopped_by text,
  -- asked: somebody did. Anything else says what a person has to see to, or what took its place.
  stop_code text,
  stop_reason text,
  check ((stopped_at is null) = (stop_code is null))
);
create unique index syncs_one on migration.syncs ((true)) where stopped_at is null;
