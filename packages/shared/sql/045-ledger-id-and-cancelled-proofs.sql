-- Which ledger this is: runs of one that is begun anew have the numbers of the last one's. Accounts of Supabase Auth carry it beside the run's number.
insert into migration.settings (name, value) values ('ledger_id', gen_random_uuid()::text);

-- A forecast or a verification may be given up.
alter table migration.proofs drop constraint proofs_status_check;
alter table migration.proofs add constraint proofs_status_check check (status in ('open', 'done', 'failed', 'cancelled'));
