-- Parked rows are looked at again only where something has changed: a batch is done in a generation that was not looked at yet.
alter table migration.batches add column looked_at_generation integer not null default 0;
create index batches_to_look_at on migration.batches (run_id, entity, id)
  where status = 'done' and looked_at_generation < generation;
create index exceptions_parked_in_run on migration.exceptions (run_id, missing_entity, missing_id)
  where resolved_at is null and outcome = 'parked';

-- When an entity last moved: planned further, opened, settled. With its finished batches that is what "the run moves" means.
alter table migration.run_entities add column moved_at timestamptz;

-- Who is there: a row for each process, which it renews. For people to look at; nothing is decided by it.
create table migration.heartbeats (
  process uuid primary key,
  service text not null,
  seen_at timestamptz not null default now()
);
-- The newest failed batch of a run: an end, too.
create index batches_failed on migration.batches (run_id, finished_at) where status = 'failed';

-- Rows that are lost for reasons that nobody foresaw say that we assumed something wrongly: beyond a share of its rows an entity stops.
-- Percent; an entity's own limit goes before that of its run.
alter table migration.runs add column loss_percent double precision not null default 1 check (loss_percent between 0 and 100);
alter table migration.run_entities
  add column loss_percent double precision check (loss_percent between 0 and 100),
  add column unforeseen bigint not null default 0,
  -- The most frequent of those reasons, once the entity is blocked for it.
  add column loss_reason text,
  add column loss_column text;
alter table migration.batches add column unforeseen integer not null default 0;
create index batches_lossy on migration.batches (run_id, entity) include (unforeseen) where unforeseen > 0;

-- Rows of the target whose key is gone from the source, as the newest run over their table found it; no row: it has them all.
create table migration.gone_rows (
  entity text not null,
  legacy_id bigint not null,
  found_run integer not null references migration.runs,
  run_id integer not null references migration.runs,
  -- Not found by the comparison that is under way, so far.
  stale boolean not null default false,
  primary key (entity, legacy_id)
);
alter table migration.runs add column gone_percent double precision not null default 10 check (gone_percent between 0 and 100);
alter table migration.run_entities
  -- The last key of the target that was compared with the source; null: nothing is to be compared.
  add column gone_cursor bigint,
  add column gone_compared_at timestamptz,
  add column gone bigint not null default 0,
  add column gone_percent double precision check (gone_percent between 0 and 100);
