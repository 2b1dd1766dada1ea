-- Whether the account was asked for by a release whose accounts name their ledger. One that names none is ours only where a former release asked for it, which
-- may have died before it put the account on record, or still be there while this one is rolled out: its loaders leave this at false.
alter table migration.accounts add column names_ledger boolean not null default false;
