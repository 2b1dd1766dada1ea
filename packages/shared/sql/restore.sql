-- Puts one table of the target back as a backup has it: docs/operations.md, Restore a backup. By psql, after restore.awk's output and in
-- the same transaction, with the column of its legacy key (-v key=legacy_id).
-- Only rows that a migration wrote are touched: those with a legacy key, in the backup or now. Constraints stay on, and triggers fire.
set local row_security = on;
set local client_min_messages = notice; -- A dump begins with another: what was done would not be said.
set local nexus.key = :'key';
do $$
declare
  key constant text := current_setting('nexus.key');
  tables constant text[] := array(select relname from pg_catalog.pg_class where relnamespace = pg_catalog.pg_my_temp_schema() and relkind = 'r');
  name constant text := tables[1];
  referring text;
  columns text; theirs text; ours text; rest text; changed text;
  removed bigint; put bigint; updated bigint; differing bigint;
begin
  if current_setting('nexus.whole', true) is distinct from 'yes' or name is null then
    raise exception 'restore: the backup could not be read to its end; nothing was changed';
  end if;
  if cardinality(tables) > 1 then
    raise exception 'restore: one table at a time (pg_restore --table=%); nothing was changed', name;
  end if;
  if exists (select from migration.runs where status in ('planned', 'running', 'paused')) then
    raise exception 'restore: a run is active; nothing was changed: nexus cancel, then again';
  end if;
  execute format('lock table public.%I in share row exclusive mode', name);
  -- What a column is computed of is not in a backup; an identity that nobody may write cannot have changed.
  select string_agg(format('%I', b.attname), ', '), string_agg(format('t.%I', b.attname), ', '), string_agg(format('s.%I', b.attname), ', '),
         string_agg(format('%1$I = s.%1$I', b.attname), ', ') filter (where b.attname <> 'id' and a.attidentity <> 'a')
    into columns, theirs, ours, rest
    from pg_catalog.pg_attribute b
    join pg_catalog.pg_attribute a on a.attrelid = format('public.%I', name)::regclass and a.attname = b.attname
   where b.attrelid = format('pg_temp.%I', name)::regclass and b.attnum > 0 and not b.attisdropped;
  changed := format('(t.%1$I is not null or s.%1$I is not null) and row(%2$s)::text is distinct from row(%3$s)::text', key, theirs, ours);
  execute format('create unique index on pg_temp.%I (id)', name);
  execute format('alter table pg_temp.%I add column nexus_touched boolean not null default false', name);
  execute format('update pg_temp.%1$I s set nexus_touched = true from public.%1$I t where t.id = s.id and %2$s', name, changed);
  execute format('analyze pg_temp.%I', name);
  begin
    execute format('delete from public.%1$I t where t.%2$I is not null and not exists (select from pg_temp.%1$I s where s.id = t.id)', name, key);
    get diagnostics removed = row_count;
  exception when foreign_key_violation then
    get stacked diagnostics referring = table_name;
    raise exception 'restore: rows of % that came since are referred to by %: restore that first; nothing was changed', name, referring;
  end;
  -- Keys first: two rows may have exchanged theirs.
  execute format('update public.%1$I t set %2$I = null from pg_temp.%1$I s where s.id = t.id and s.nexus_touched and t.%2$I is distinct from s.%2$I', name, key);
  begin
    execute format('update public.%1$I t set %2$s from pg_temp.%1$I s where s.id = t.id and s.nexus_touched', name, rest);
    get diagnostics updated = row_count;
    execute format('insert into public.%1$I (%2$s) overriding system value select %2$s from pg_temp.%1$I s
                    where s.%3$I is not null and not exists (select from public.%1$I t where t.id = s.id)', name, columns, key);
    get diagnostics put = row_count;
  exception when foreign_key_violation then
    raise exception 'restore: rows of % refer to some that are not there any more: restore their parents first; nothing was changed', name;
  end;
  execute format('select count(*) from pg_temp.%1$I s full join public.%1$I t on t.id = s.id where %2$s', name, changed) into differing;
  if differing > 0 then
    raise exception 'restore: % rows of % do not become what they were, because a trigger of others changes them; nothing was changed', differing, name;
  end if;
  -- The target is not any more what the source's rows were read for, here and where triggers follow: the next delta reads everything.
  if to_regclass('migration.fingerprints') is not null then
    delete from migration.fingerprints;
  end if;
  raise notice 'restore: % is as it was: % rows removed, % changed back, % put back', name, removed, updated, put;
end $$;
