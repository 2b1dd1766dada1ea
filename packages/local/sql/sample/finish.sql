-- Sequences go on behind the highest id.
do $$
declare
  t text;
begin
  foreach t in array sample_tables() loop
    execute format('select setval(pg_get_serial_sequence(%L, ''id''), (select max(id) from %I))', t, t);
  end loop;
end $$;
