-- Rows that the target stored otherwise than they were sent (a trigger, a narrower type): what was sent, what came of it, and under which
-- rules of the table. Hashes only. While all three are the same, writing the row again would change nothing.
create table migration.overruled (
  entity text not null,
  legacy_id integer not null,
  sent bigint not null,
  stored bigint not null,
  rules bigint not null,
  primary key (entity, legacy_id)
);

-- How large a batch was found to be before it was loaded: for one that ends its loaders.
alter table migration.batches
  add column read_bytes bigint,
  add column largest_row_bytes bigint;
