-- Rows of the target without a legacy key are strangers: no run touches them. Somebody has to say that they may stay beside what is loaded.
create table migration.left_strangers (
  entity text primary key,
  -- So many there were when that was said. If there are more, the others are undecided.
  rows bigint not null,
  actor text not null,
  reason text not null,
  decided_at timestamptz not null default now()
);
-- Strangers of the entity's table when the run started, and again when the entity was settled.
alter table migration.run_entities add column strangers bigint not null default 0;
