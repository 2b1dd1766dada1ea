-- Parents that changed in a column from which children derive one of theirs: those children are to be loaded again.
create table migration.moved_parents (
  child text not null,
  parent text not null,
  parent_id uuid not null,
  -- The run that opened the child's entity after the change, and so reads the parent as it is now.
  run_id integer,
  primary key (child, parent, parent_id)
);
