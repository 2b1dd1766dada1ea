-- Embeddings: which content has its vectors, which has nothing to say, which failed. Needs no pgvector; what does is made with ai_embeddings.

-- Backfilled events belong to no batch. Pages: up to 50 ids from an offset, done one by one.
alter table migration.content_events
  alter column batch_id drop not null,
  add column pages_done integer[] not null default '{}',
  -- So that nobody unpacks 16 kB of ids to count them.
  add column items integer not null generated always as (cardinality(target_ids)) stored;

-- Content rows whose newest text was dealt with. `version` is the xmin of the row that was composed; no chunks: nothing to say.
create table migration.embedding_items (
  content_type text not null,
  content_id uuid not null,
  version xid not null,
  chunks integer not null check (chunks >= 0),
  settled_at timestamptz not null default now(),
  primary key (content_type, content_id)
);

-- Content rows that could not be embedded. They have no vectors.
create table migration.embedding_failures (
  content_type text not null,
  content_id uuid not null,
  version xid not null,
  code text not null,
  failed_at timestamptz not null default now(),
  primary key (content_type, content_id)
);
