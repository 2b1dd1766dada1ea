-- Adoption: rows that somebody else put into the target are given the legacy key of the source row that they are.
create table migration.adoptions (
  id integer generated always as identity primary key,
  -- plan: only found out; undo: what was adopted since the newest run began is given back.
  kind text not null check (kind in ('plan', 'adopt', 'undo')),
  -- open: an extractor does it, and no run starts meanwhile.
  status text not null default 'open' check (status in ('open', 'done', 'failed')),
  -- How rows may be known (keys, namespace), which of several is meant (keep), and whether what is left may stay (leaveStrangers).
  asked jsonb not null,
  actor text not null,
  reason text,
  created_at timestamptz not null default now(),
  finished_at timestamptz,
  error_code text
);
create unique index adoptions_one_open on migration.adoptions ((true)) where status = 'open';

-- What an adoption found in an entity. A row of it says that the entity is done.
create table migration.adoption_entities (
  adoption_id integer not null references migration.adoptions,
  entity text not null,
  position integer not null,
  -- Rows without a legacy key before it, and how many of them were given one, or would be.
  strangers bigint not null,
  adopted bigint not null,
  -- How many by which key: {"email": 12}.
  by_key jsonb not null,
  -- Columns and members that hold keys of the source: how many, how many are in the source, and how many of those agree otherwise.
  places jsonb not null,
  primary key (adoption_id, entity)
);

-- Rows that were left alone, and why. Of a plan they are kept until the next adoption.
create table migration.adoption_findings (
  adoption_id integer not null references migration.adoptions,
  entity text not null,
  id uuid not null,
  reason text not null,
  -- The source row that it may be, and by which key; null: none is known.
  legacy_id bigint,
  via text,
  -- Rows of the target that refer to it: counted for duplicates only.
  children bigint,
  primary key (adoption_id, entity, id)
);

-- Rows that an adoption gave their legacy key.
create table migration.adopted_rows (
  entity text not null,
  id uuid not null,
  legacy_key integer not null,
  via text not null,
  adoption_id integer not null references migration.adoptions,
  adopted_at timestamptz not null default now(),
  primary key (entity, id)
);
create index adopted_rows_by_adoption on migration.adopted_rows (adoption_id, entity);
-- Adopted rows of the entity, when the run started and when the entity was settled.
alter table migration.run_entities add column adopted bigint not null default 0;
