-- Cut-over: a checklist that extractors walk, at whose end the target is what people write in, and the source no longer.
create table migration.cutovers (
  id integer generated always as identity primary key,
  -- plan: a rehearsal, which looks at everything and changes nothing but these tables.
  kind text not null check (kind in ('plan', 'go')),
  -- open: an extractor walks it. done: a go was handed over. failed: a step was not met, or could not be looked at. withdrawn: handed over,
  -- and that was taken back.
  status text not null default 'open' check (status in ('open', 'done', 'failed', 'cancelled', 'withdrawn')),
  -- How it was asked for: {"order": {…}, "quietSeconds": 15, …}.
  asked jsonb not null,
  actor text not null,
  reason text,
  created_at timestamptz not null default now(),
  finished_at timestamptz,
  error_code text,
  -- Of a plan: how long the freeze would last, part by part, and how that is known.
  freeze_foretold jsonb,
  withdrawn_at timestamptz
);
create unique index cutovers_one_open on migration.cutovers ((true)) where status = 'open';

-- Each step that was begun, and what was seen. Counts, numbers and names of tables only.
create table migration.cutover_steps (
  cutover_id integer not null references migration.cutovers,
  step text not null,
  position integer not null,
  -- open: under way. to_do: of a plan, what a go does by itself.
  status text not null check (status in ('open', 'met', 'not_met', 'to_do')),
  -- What is the matter; null: nothing is.
  code text,
  facts jsonb not null,
  -- Who asked for it.
  actor text not null,
  -- How often it was written: of two extractors the second to write what it saw is refused.
  looks integer not null,
  started_at timestamptz not null,
  finished_at timestamptz,
  primary key (cutover_id, step)
);

-- Exceptions that somebody has decided about: these rows of the source need not be in the target.
create table migration.accepted_exceptions (
  entity text not null,
  legacy_id bigint not null,
  outcome text not null check (outcome in ('rejected', 'parked')),
  reason text not null,
  actor text not null,
  because text not null,
  decided_at timestamptz not null default now(),
  primary key (entity, legacy_id, outcome, reason)
);
