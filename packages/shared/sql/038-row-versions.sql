-- For entities that say what their rows are read from: by group of rows with adjacent keys, a digest of the versions of all that they are read from, as it
-- was before a run planned the entity. A later delta asks for the fingerprints of those rows only whose digest is another one now. Of an entity, two runs at most.
create table migration.row_versions (
  entity text not null,
  run_id integer not null references migration.runs,
  -- Rows with keys behind this one, up to that of the next page.
  after_key bigint not null,
  -- Server, tables and columns that the versions are of: under another one they say nothing.
  source text not null,
  -- Of each group: its rows' keys divided by eight, how many rows there are, and the digest.
  places bigint[] not null,
  counts integer[] not null,
  versions bigint[] not null,
  primary key (entity, run_id, after_key)
);
