-- The zone in which a run reads times of the source that were written without one: what its extractor was told, for all loaders.
alter table migration.runs add column source_timezone text;
