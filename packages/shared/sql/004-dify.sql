-- Dify: which content is a document in which of its knowledge bases (datasets). Needs neither vectors nor pgvector.

-- Whether a run offers changed content to Dify, as `embeddings` says it of the embedder.
alter table migration.runs add column dify boolean not null default false;

-- An event that is for Dify only is done for the embedder from the beginning.
alter table migration.content_events add column dify_open boolean not null default false;
create index content_events_dify on migration.content_events (id) where dify_open;

-- One dataset per practice, and one (null) for what belongs to none and is shared by all.
create table migration.dify_datasets (
  practice_id uuid,
  dataset_id text not null unique,
  -- It was there already: each of its documents is looked up before it is created.
  adopted boolean not null,
  created_at timestamptz not null default now(),
  constraint dify_datasets_key unique nulls not distinct (practice_id)
);

-- One row per content that Dify has, or is to have, or may have.
create table migration.dify_documents (
  content_type text not null,
  content_id uuid not null,
  dataset_id text,
  document_id text,
  -- Of the text that was sent last; null: not known.
  sha256 text,
  -- Dify is working on what was sent.
  indexing_since timestamptz,
  -- A document was asked for, and whether there is one is not known.
  unsure_since timestamptz,
  -- The row's xmin that was dealt with last, and why it has no document.
  version xid,
  code text,
  attempts integer not null default 0,
  failed_at timestamptz,
  -- Something is to be done from then on; null: nothing.
  due_at timestamptz default now(),
  -- One consumer works on it until then, unless it renews that.
  claimed_until timestamptz,
  -- How often it was offered: what was offered meanwhile is due again.
  asked bigint not null default 1,
  primary key (content_type, content_id),
  check (document_id is null or dataset_id is not null)
);
create index dify_documents_due on migration.dify_documents (due_at) where due_at is not null and indexing_since is null;
create index dify_documents_indexing on migration.dify_documents (due_at) where due_at is not null and indexing_since is not null;
create index dify_documents_dataset on migration.dify_documents (dataset_id);
