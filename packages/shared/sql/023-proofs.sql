-- Proofs: the second bookkeeping forecasts what a run would do, or verifies what runs have done. Keys and codes only, never a value.
create table migration.proofs (
  id integer generated always as identity primary key,
  kind text not null check (kind in ('forecast', 'verification')),
  -- open: an extractor does it.
  status text not null default 'open' check (status in ('open', 'done', 'failed')),
  -- What is looked at: entities, a range of source keys, a sample in percent.
  asked jsonb not null,
  actor text not null,
  reason text,
  created_at timestamptz not null default now(),
  finished_at timestamptz,
  error_code text,
  -- Who does it holds it until then and renews that. A number for each who took it: what a former one writes is refused.
  claimed_until timestamptz not null default '-infinity',
  claim integer not null default 0
);
create unique index proofs_one_open on migration.proofs ((true)) where status = 'open';

-- What a proof found in an entity. A row of it says that the entity has been gone through.
create table migration.proof_entities (
  proof_id integer not null references migration.proofs,
  entity text not null,
  position integer not null,
  -- without_twin: nobody wrote its mapping down a second time. unread: no run has read a row of it.
  status text not null check (status in ('proved', 'without_twin', 'unread')),
  -- Source rows that were looked at.
  rows bigint not null,
  -- Of a forecast: how many by outcome, reason, note and fate. Of a verification: how many differences by kind.
  counts jsonb not null,
  -- Of a verification: rows that differ and that the source has changed since the newest run began. They are no differences.
  changed_since bigint not null default 0,
  primary key (proof_id, entity)
);

-- What differs. `reads` 1: found in the first reading, only until the second has spoken. 2: found in both.
create table migration.proof_differences (
  proof_id integer not null references migration.proofs,
  entity text not null,
  -- The key of the source row; where no source row is known, the target's legacy key.
  legacy_id bigint not null,
  -- Blank: the whole row.
  column_name text not null,
  kind text not null,
  reads smallint not null check (reads in (1, 2)),
  changed_since boolean not null default false,
  primary key (proof_id, entity, legacy_id, column_name, kind, reads)
);

-- What the source's transactions could see when the run began (`txid_current_snapshot`): who wrote later was perhaps not read by it.
alter table migration.runs add column source_snapshot text;
