-- Whether loaders keep fingerprints of what they read in this run.
alter table migration.runs add column fingerprints boolean not null default false;
-- By table of the source, a digest of its rows' versions when the run began: {"dispatch_office": "2026-01-31 12:00:00+00 844 -123"}. Equal ones: nothing was written in between.
alter table migration.runs add column source_marks jsonb;
-- Of the rows that a batch read, as they were read: eight bytes of a digest each. A later delta reads only rows that have another one.
-- Rows of ranges are what is known of an entity; rows of lists of keys are merged into them when the entity is planned next.
create table migration.fingerprints (
  batch_id bigint primary key references migration.batches,
  run_id integer not null references migration.runs,
  entity text not null,
  -- What the outcome of a row depends on beside the row: mapping, codes, shape of the source, and so on, as a digest.
  version text not null,
  -- The range (after_key, to_key]; null for a list of keys.
  after_key bigint,
  to_key bigint,
  -- Ascending. Rows whose outcome depends on something else, as that of a row that the target refused, are not among them.
  keys bigint[] not null,
  hashes bigint[] not null,
  sum numeric not null,
  merged boolean not null default false
);
create index fingerprints_of_entity on migration.fingerprints (entity, after_key);
-- Of an entity: the run that merged its fingerprints last, and the file that its table of the target was in: another table is not the one that was loaded.
create table migration.fingerprinted (
  entity text primary key,
  run_id integer not null references migration.runs,
  file bigint not null
);
-- Of a delta: rows that were not read because they have not changed; ranges that were compared, and those that were equal; why all was read, where it was;
-- and whether rows that were missing when it was settled were read once more.
alter table migration.run_entities add column unchanged bigint not null default 0;
alter table migration.run_entities add column ranges_compared integer not null default 0;
alter table migration.run_entities add column ranges_equal integer not null default 0;
alter table migration.run_entities add column read_whole text;
alter table migration.run_entities add column version text;
alter table migration.run_entities add column looked_after boolean not null default false;
