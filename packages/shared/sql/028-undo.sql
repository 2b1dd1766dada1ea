-- Undo: what a run has written, and what was there before, so that it can be rolled back. It holds rows of the target, and never leaves it.
create table migration.undo (
  -- In the order in which a row was written: whoever writes it next has waited for who wrote it before.
  id bigint generated always as identity primary key,
  run_id integer not null references migration.runs,
  -- Null: only the number of a transaction of the rollback.
  entity text,
  -- Null: written when an entity was settled, or rolled back.
  batch_id bigint references migration.batches,
  -- xmin of every row that was written with it: a row with another one was written by others since. No other values: only that.
  xid bigint not null,
  inserted uuid[] not null default '{}',
  -- Rows that were changed, and each of them as it was before; null: it appeared while it was written, and nobody knows.
  updated uuid[] not null default '{}',
  former jsonb[] not null default '{}',
  -- Rows of other entities that went along by a trigger, as they were: {"projects": [{…}]}. Null: none.
  taken_along jsonb,
  undone_at timestamptz
);
create index undo_of_run on migration.undo (run_id, entity, id);
create index undo_by_xid on migration.undo (run_id, xid);

-- off: nothing was kept; kept; purged: it was, and its time is over.
alter table migration.runs add column undo text not null default 'off' check (undo in ('off', 'kept', 'purged'));

-- A run that was rolled back is as if it had not been: so are its entities and batches.
alter table migration.runs drop constraint runs_status_check;
alter table migration.runs add constraint runs_status_check
  check (status in ('planned', 'running', 'paused', 'completed', 'failed', 'cancelled', 'rolled_back'));
alter table migration.run_entities drop constraint run_entities_status_check;
alter table migration.run_entities add constraint run_entities_status_check
  check (status in ('waiting', 'planning', 'planned', 'loading', 'settling', 'complete', 'blocked', 'skipped', 'cancelled', 'rolled_back'));
alter table migration.batches drop constraint batches_status_check;
alter table migration.batches add constraint batches_status_check
  check (status in ('planned', 'queued', 'done', 'failed', 'cancelled', 'rolled_back'));

create table migration.rollbacks (
  id integer generated always as identity primary key,
  run_id integer not null references migration.runs,
  -- plan: only counted.
  kind text not null check (kind in ('plan', 'rollback')),
  -- open: an extractor does it, and no run starts meanwhile.
  status text not null default 'open' check (status in ('open', 'done', 'failed', 'cancelled')),
  -- A list of names. Null: all entities of the run.
  entities jsonb,
  actor text not null,
  reason text,
  created_at timestamptz not null default now(),
  finished_at timestamptz,
  error_code text
);
create unique index rollbacks_one_open on migration.rollbacks ((true)) where status = 'open';

-- What a rollback did in an entity, or would do. A row of it says that the entity is done.
create table migration.rollback_entities (
  rollback_id integer not null references migration.rollbacks,
  entity text not null,
  position integer not null,
  -- Rows that the run had inserted, and that are gone again; rows that are as they were before it.
  deleted bigint not null,
  restored bigint not null,
  -- How many were left, by reason: {"changed": 3}.
  rows_left jsonb not null,
  primary key (rollback_id, entity)
);

-- Rows that were left as they are, and why.
create table migration.rollback_left (
  rollback_id integer not null references migration.rollbacks,
  entity text not null,
  id uuid not null,
  -- changed: others have written it since; referred: others refer to it; gone: others have deleted it; unknown: it appeared while it was
  -- written; overruled: a rule of the target made something else of it; refused: a rule of the target did not take it back.
  reason text not null check (reason in ('changed', 'referred', 'gone', 'unknown', 'overruled', 'refused')),
  legacy_id integer,
  primary key (rollback_id, entity, id)
);
