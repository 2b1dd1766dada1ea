-- full: the run reads every row of its entities. delta: only those that changed since they were loaded, as fingerprints tell.
alter table migration.runs add column mode text not null default 'full' check (mode in ('full', 'delta'));
