-- Parked rows are looked at again only where something has changed: a batch is done in a generation that was not looked at yet.
alter table migration.batches add column looked_at_generation integer not null default 0;
create index batches_to_look_at on migration.batches (run_id, entity, id)
  where status = 'done' and looked_at_generation < generation;
create index exceptions_parked_in_run on migration.exceptions (run_id, missing_entity, missing_id)
  where resolved_at is null and outcome = 'parked';
