-- Whether extractors verify the run without being asked, once it is completed: VERIFY=after_settle where it began.
alter table migration.runs add column verify boolean not null default false;
-- The run after which extractors asked for it. Null: an operator did.
alter table migration.proofs add column run_id integer references migration.runs;
create index on migration.proofs (run_id);
-- Of a forecast: connections to both servers that a run takes, and what their limits leave. Null: nobody has looked.
alter table migration.proofs add column needs jsonb;
