-- Of the rows in `updated`, and of those in `removed`: the number of the transaction that had written each before. A rollback gives a row back as the
-- run before left it, and says so: then that run can be rolled back, too. Empty: kept by an older release.
alter table migration.undo add column former_xids bigint[] not null default '{}';
alter table migration.undo add column removed_xids bigint[] not null default '{}';
-- The rows that were written with this record's number for the run; others have the same. Null: all of them.
alter table migration.undo add column only_rows uuid[];
