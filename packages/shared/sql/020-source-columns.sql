-- The columns of the source as a run began with them: all loaders read by them, whatever the source has in that moment.
alter table migration.runs add column source_columns jsonb;
