-- Keys of the source that a run's comparison found neither in the target nor among the exceptions: of an entity the first ten thousand.
create table migration.missing_keys (
  run_id integer not null references migration.runs,
  entity text not null,
  legacy_id bigint not null,
  primary key (run_id, entity, legacy_id)
);
