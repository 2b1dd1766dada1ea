-- What a server refuses, while it does: it holds a run up and costs no attempt. The rows are made here and only updated, in a page of
-- their own: so it can still be said when the target's disk is full.
create table migration.holds (
  server text primary key check (server in ('source', 'target')),
  -- The SQLSTATE, or the code of a connection's trouble; null: nothing is refused.
  code text,
  since timestamptz,
  -- Renewed while it lasts: what nobody renews is over.
  seen_at timestamptz
) with (fillfactor = 10);
insert into migration.holds (server) values ('source'), ('target');

-- How often the connection of a batch broke under it, in which generation: a batch that breaks each one is a poison.
alter table migration.batches add column breaks integer not null default 0;
alter table migration.batches add column breaks_generation integer;
