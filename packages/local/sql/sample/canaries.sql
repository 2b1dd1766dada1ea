-- A marker in every text column of some rows: CANARY-<table>-<column>-<n>, or CANARY-<nnn> where the column is short.
-- As many rows of each column as marked() says, 20 where the column is short.
-- E-mails stay e-mails, and half of the JSON stays JSON, so that the marker travels as far as a real value would.
do $$
declare
  c record;
  marker text;
  short int := 0;
begin
  for c in select table_name as t, column_name as name, coalesce(character_maximum_length, 10000) as room from information_schema.columns
           where table_schema = current_schema() and table_name = any(sample_tables()) and data_type in ('text', 'character varying') order by 1,
           2 loop
    -- courses 1 to 3 decide the case type: their names stay
    marker := case when c.room < 60 then format('''CANARY-'' || lpad((%s + n)::text, 3, ''0'')', short)
      else format('''CANARY-%s-%s-'' || n', c.t, c.name) end;
    short := short + case when c.room < 60 then 20 else 0 end;
    marker := case c.name when 'email' then marker || ' || ''@canary.example'''
      when 'schemes' then format('case when n %% 2 = 0 then ''{"comment": "'' || %1$s || ''"}'' else %1$s end', marker) else marker end;
    execute format('update %1$I as x set %2$I = %3$s
        from (select id, row_number() over (order by draw(%4$L, id)) as n from %1$I where %5$s) as y where y.id = x.id and n <= %6$s',
      c.t, c.name, marker, c.t || c.name, case c.t when 'dispatch_course' then 'id > 3' else 'true' end,
      case when c.room < 60 then 20 else marked() end);
  end loop;
end $$;
