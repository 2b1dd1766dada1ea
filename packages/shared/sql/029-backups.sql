-- Whether the tables of each entity are dumped before the run first writes to them: an extractor with BACKUP=pg_dump was there when it began.
alter table migration.runs add column backup boolean not null default false;
-- An extractor with BACKUP=pg_dump.
alter table migration.heartbeats add column takes_backups boolean not null default false;
-- The dump of an entity's tables before the run first wrote to them. One extractor at a time takes it, and renews its claim meanwhile.
create table migration.backups (
  run_id integer not null references migration.runs,
  entity text not null,
  -- open: it is being taken, or to be taken again. done: all of it was stored.
  status text not null default 'open' check (status in ('open', 'done')),
  claim integer not null default 1,
  claimed_until timestamptz not null,
  -- Of the last try, if it failed; how many did in a row; and when the next may begin.
  error_code text,
  failures integer not null default 0,
  available_at timestamptz not null default now(),
  started_at timestamptz not null default now(),
  finished_at timestamptz,
  -- Of schema public, separated by commas.
  tables text not null,
  -- Who keeps it: a folder of the extractor's machine, or the operator's command (BACKUP_COMMAND).
  kept_by text check (kept_by in ('folder', 'command')),
  host text,
  file text,
  bytes bigint,
  sha256 text,
  duration_ms bigint,
  server_version text,
  primary key (run_id, entity),
  check (status = 'open' or (kept_by is not null and file is not null and bytes > 0 and sha256 is not null))
);
