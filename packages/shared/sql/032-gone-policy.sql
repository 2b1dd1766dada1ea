-- What becomes of rows that are gone from the source: said for each entity when its run begins (GONE_POLICY), and done when all of it is settled.
alter table migration.run_entities
  add column gone_policy text not null default 'report' check (gone_policy in ('report', 'archive', 'delete')),
  -- Of the rows that the run found gone: those that are marked in the target, those that it deleted, and those that it left, by reason: {"referred": 2}.
  add column gone_archived bigint not null default 0,
  add column gone_deleted bigint not null default 0,
  add column gone_left jsonb not null default '{}';
alter table migration.gone_rows
  -- The newest run that came to it, and what it did. A row that was deleted is not here any more. Null: nothing was to be done so far.
  add column handled_run integer references migration.runs,
  -- referred: other rows refer to it; refused: a rule of the target did not let it be changed; not_inserted: no run of ours has inserted it;
  -- source_empty: the source showed no row at all; source_row: its source row is there under another key; unmarkable: there is no place for a marker.
  add column fate text check (fate in ('archived', 'referred', 'refused', 'not_inserted', 'source_empty', 'source_row', 'unmarkable'));
-- Rows that carry a marker because they are gone from the source.
create table migration.archived_rows (
  entity text not null,
  id uuid not null,
  legacy_id bigint not null,
  run_id integer not null references migration.runs,
  -- False: it carried one before, and others take care of it.
  marked boolean not null,
  archived_at timestamptz not null default now(),
  -- The run that found the row in the source again, and took the marker away.
  back_run integer references migration.runs,
  primary key (entity, id)
);
create index archived_rows_by_key on migration.archived_rows (entity, legacy_id) where back_run is null;
-- Rows that a run deleted, whole, because they were gone from the source.
alter table migration.undo add column removed jsonb[] not null default '{}';
