-- What a plan says that the first run will change in the rows that it would adopt: {"rows": 12, "columns": {"email": 3}}. Null: it was no plan.
alter table migration.adoption_entities add column changes jsonb;
-- What a batch did change in rows that were adopted since the run of their entity before. A generation changes what those before it have not.
create table migration.adopted_changes (
  batch_id bigint not null references migration.batches,
  generation integer not null,
  rows integer not null,
  columns jsonb not null,
  primary key (batch_id, generation)
);
-- cancelled: an operator gave it up.
alter table migration.adoptions drop constraint adoptions_status_check;
alter table migration.adoptions add constraint adoptions_status_check check (status in ('open', 'done', 'failed', 'cancelled'));
-- Rows of the entity's table: with a legacy key when the run began, and all of them when the entity was settled. Null: not counted.
alter table migration.run_entities add column keyed_before bigint, add column target_rows bigint;
