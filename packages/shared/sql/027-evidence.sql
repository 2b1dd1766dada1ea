-- Evidence: a verification says when it was begun, and with what it was made, so that an auditor can repeat it.
alter table migration.proofs
  -- When its holder began. Who takes it over begins it anew.
  add column started_at timestamptz,
  -- PostgreSQL of both servers, and the release of the extractor. Null: an older release made it.
  add column versions jsonb;
