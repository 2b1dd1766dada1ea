-- Whether the bill of the embeddings begins anew with a run: somebody started it. What the program begins by itself (deltas of a source that is followed, those of a
-- cut-over), and repairs, go on with the bill that is there: else a cap would hold for an interval only.

alter table migration.runs add column new_bill boolean not null default true;
-- Every call of an embedder asks for the newest of them, however many deltas came after it.
create index runs_new_bill on migration.runs (id) where embeddings and new_bill;
