-- Which ledger this is: runs of one that is begun anew have the numbers of the last one's. Accounts of Supabase Auth carry it beside the run's number.
insert into migration.settings (name, value) values ('ledger_id', gen_random_uuid()::text);
