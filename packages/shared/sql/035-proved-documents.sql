-- The same of documents of Dify, as far as the ledger knows. Null: its rows are no content, or Dify was never filled.
alter table migration.proof_entities add column documents jsonb;

-- When a consumer found nothing left to do for the row, or gave it up. Null: it has not yet, or an older release did.
alter table migration.dify_documents add column settled_at timestamptz;
