-- The ledger: what is planned, what happened, what could not be done. It is the truth; the queue is only transport.

create table migration.settings (
  name text primary key,
  value text not null
);

create table migration.runs (
  id integer generated always as identity primary key,
  status text not null default 'planned'
    check (status in ('planned', 'running', 'paused', 'completed', 'failed', 'cancelled')),
  embeddings boolean not null,
  codes jsonb not null default '{}',
  created_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz,
  error_code text
);
-- One active run per target, whoever starts it.
create unique index runs_one_active on migration.runs ((true)) where status in ('planned', 'running', 'paused');

create table migration.run_entities (
  run_id integer not null references migration.runs,
  entity text not null,
  position integer not null,
  status text not null
    check (status in ('waiting', 'planning', 'planned', 'loading', 'settling', 'complete', 'blocked', 'skipped', 'cancelled')),
  waived boolean not null default false,
  -- Planning: the last key that lies in a planned range, and how many rows the source held.
  cursor_key bigint not null default -9223372036854775808,
  expected bigint not null default 0,
  -- Folded from the batches by the tick; people and scrapes read these.
  batches integer not null default 0,
  batches_done integer not null default 0,
  batches_failed integer not null default 0,
  read bigint not null default 0,
  loaded bigint not null default 0,
  inserted bigint not null default 0,
  updated bigint not null default 0,
  rejected bigint not null default 0,
  parked bigint not null default 0,
  excluded bigint not null default 0,
  noted bigint not null default 0,
  started_at timestamptz,
  settled_at timestamptz,
  error_code text,
  primary key (run_id, entity)
);

create table migration.batches (
  id bigint generated always as identity primary key,
  run_id integer not null references migration.runs,
  entity text not null,
  seq integer not null,
  generation integer not null default 1,
  -- Either the key range (after_key, to_key], or the keys of a repair.
  after_key bigint,
  to_key bigint,
  keys integer[],
  expected integer not null,
  status text not null default 'planned' check (status in ('planned', 'queued', 'done', 'failed', 'cancelled')),
  attempts integer not null default 0,
  -- Counts of the newest finished generation.
  read integer not null default 0,
  loaded integer not null default 0,
  inserted integer not null default 0,
  updated integer not null default 0,
  rejected integer not null default 0,
  parked integer not null default 0,
  noted integer not null default 0,
  duration_ms integer,
  available_at timestamptz not null default now(),
  queued_at timestamptz,
  finished_at timestamptz,
  error_code text,
  unique (run_id, entity, seq),
  check ((keys is null) = (after_key is not null) and (keys is null) = (to_key is not null))
);
create index batches_open on migration.batches (run_id, entity, status, seq) where status in ('planned', 'queued', 'failed');

-- Every source row that is not in the target has a row here, until it is.
create table migration.exceptions (
  run_id integer not null references migration.runs,
  entity text not null,
  legacy_id bigint not null,
  batch_id bigint not null references migration.batches,
  outcome text not null check (outcome in ('rejected', 'parked')),
  reason text not null,
  column_name text,
  missing_entity text,
  missing_id bigint,
  created_at timestamptz not null default now(),
  resolved_at timestamptz,
  primary key (run_id, entity, legacy_id),
  check ((outcome = 'parked') = (missing_entity is not null and missing_id is not null))
);
create index exceptions_open on migration.exceptions (entity, legacy_id) where resolved_at is null;
create index exceptions_parked on migration.exceptions (missing_entity, missing_id) where resolved_at is null and outcome = 'parked';
create index exceptions_batch on migration.exceptions (batch_id);

-- Coded repairs on loaded rows: one row per batch, code and column, the legacy ids in an array.
create table migration.notes (
  batch_id bigint not null references migration.batches,
  code text not null,
  column_name text not null,
  legacy_ids bigint[] not null,
  primary key (batch_id, code, column_name)
);

-- The outbox: target rows whose content changed, to be embedded.
create table migration.content_events (
  id bigint generated always as identity primary key,
  batch_id bigint not null references migration.batches,
  content_type text not null,
  target_ids uuid[] not null,
  created_at timestamptz not null default now(),
  relayed_at timestamptz,
  done_at timestamptz
);
create index content_events_open on migration.content_events (id) where done_at is null;

-- What the settle step found.
create table migration.validations (
  run_id integer not null references migration.runs,
  entity text not null,
  name text not null,
  passed boolean not null,
  expected bigint,
  actual bigint,
  checked_at timestamptz not null default now(),
  primary key (run_id, entity, name)
);

create table migration.audit_log (
  id bigint generated always as identity primary key,
  at timestamptz not null default now(),
  actor text not null,
  action text not null,
  run_id integer,
  entity text,
  reason text,
  details jsonb not null default '{}'
);
