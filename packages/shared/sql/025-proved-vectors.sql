-- Of a verification of an entity whose rows are content: {"items": 12, "pending": 3}. Items: rows that were looked at; pending: rows whose
-- vectors are still to be made, by an embedder or, where no run has offered them, by a backfill. Null: its rows are no content.
alter table migration.proof_entities add column vectors jsonb;
