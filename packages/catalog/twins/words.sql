-- What the twins say more than once. Functions of the session: nothing is made in a schema of anybody's.

-- MAPPING.md, Text: white space at both ends is cut, and what is blank is NULL.
create or replace function pg_temp.trimmed(a text) returns text language sql immutable parallel safe
  as $$ select nullif(btrim(a, E' \t\n\u000b\f\r\u00a0\u3000\ufeff'), '') $$;

-- Lower case of every script, by ICU where the server has it, whatever the database's own locale is.
do $do$
begin
  execute format('create or replace function pg_temp.lowered(a text) returns text language sql immutable
    as $$ select lower(a%s) $$', (select ' collate pg_catalog."und-x-icu"' from pg_catalog.pg_collation
      where collname = 'und-x-icu' and collnamespace = 'pg_catalog'::regnamespace limit 1));
end
$do$;

-- MAPPING.md, E-mail: NULL where it is none.
create or replace function pg_temp.mail(a text) returns text language sql immutable
  as $$ select case when pg_temp.trimmed(a) ~ E'^[^@ \\t-\\r\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff]+@[^@ \\t-\\r\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff]+$'
    then pg_temp.lowered(pg_temp.trimmed(a)) end $$;

create or replace function pg_temp.no_mail(a text) returns boolean language sql immutable
  as $$ select pg_temp.trimmed(a) is not null and pg_temp.mail(a) is null $$;

-- MAPPING.md, Dates: an instant before 1900, or none that happens, is NULL.
create or replace function pg_temp.instant(a timestamptz) returns timestamptz language sql immutable
  as $$ select case when a >= timestamptz '1900-01-01 00:00:00+00' and a < 'infinity' then a end $$;

create or replace function pg_temp.out_of_range(a timestamptz) returns boolean language sql immutable
  as $$ select a < timestamptz '1900-01-01 00:00:00+00' or a = 'infinity' $$;

-- In JSON: UTC, ISO 8601, six decimals.
create or replace function pg_temp.iso(a timestamptz) returns text language sql stable
  as $$ select to_char(pg_temp.instant(a) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') $$;

-- A code as the table of codes has it: digits without leading zeros, words in lower case with `_`.
create or replace function pg_temp.code_of(a text) returns text language sql immutable
  as $$ select case when pg_temp.trimmed(a) ~ '^[0-9]+$'
    then regexp_replace(pg_temp.trimmed(a), '^0+([0-9])', '\1')
    else translate(pg_temp.lowered(pg_temp.trimmed(a)), ' -', '__') end $$;

create or replace function pg_temp.code_of(a jsonb) returns text language sql immutable
  as $$ select case when jsonb_typeof(a) = 'number' then a #>> '{}' else pg_temp.code_of(a #>> '{}') end $$;

-- MAPPING.md, Dates: blank members of JSON are left out, and an object of none is none.
create or replace function pg_temp.filled(a jsonb) returns jsonb language sql immutable
  as $$ select nullif(jsonb_strip_nulls(a), '{}') $$;

-- A raw code as a member of JSON: as it is, unless it is blank.
create or replace function pg_temp.raw_code(a jsonb) returns jsonb language sql immutable
  as $$ select nullif(a, '""') $$;

-- Nesting of JSON, counted without recursion: a stack that overflows ends an embedded database.
create or replace function pg_temp.deeper_than_1000(a text) returns boolean language plpgsql as $$
declare
  piece text;
  depth integer := 0;
begin
  if length(a) - length(translate(a, '[{', '')) <= 1000 then return false; end if;
  for piece in select m[1] from regexp_matches(
    regexp_replace(regexp_replace(a, '\\.', '', 'gs'), '"[^"]*"', '', 'g'), '[][{}]', 'g') m
  loop
    depth := depth + case when piece in ('[', '{') then 1 else -1 end;
    if depth > 1000 then return true; end if;
  end loop;
  return false;
end $$;

-- Text as JSON, or NULL where it is none that PostgreSQL can hold.
create or replace function pg_temp.as_json(a text) returns jsonb language plpgsql as $$
begin
  if a is null or pg_temp.deeper_than_1000(a) then return null; end if;
  return a::jsonb;
exception when data_exception or program_limit_exceeded then return null;
end $$;

-- What cannot be a row of ours: a key beyond integers, or a field that its column's value cannot fill.
create or replace function pg_temp.unreadable(id bigint, unfit text[]) returns boolean language sql immutable
  as $$ select id not between -2147483648 and 2147483647 or unfit is not null $$;

-- Why a row cannot be read: bytes of its text that mean nothing come before fields that cannot be filled.
create or replace function pg_temp.unreadable(id bigint, unfit text[], garbled text[]) returns text language sql immutable
  as $$ select case when garbled is not null then 'unreadable_text' when pg_temp.unreadable(id, unfit) then 'unreadable' end $$;

-- Marks of a joined row by the names that the mapping has for these columns: `\1` is a column's own.
create or replace function pg_temp.named(marks text[], columns text[], name text) returns text[] language sql immutable
  as $$ select array_agg(regexp_replace(mark, '(\w+)$', name) order by mark)
    from unnest(marks) mark where substring(mark from '\w+$') = any(columns) $$;

-- Notes of the mapping and notes on the text, sorted.
create or replace function pg_temp.noted(notes text[], noted text[]) returns text[] language sql immutable
  as $$ select case when noted is null then notes
    else (select array_agg(distinct note collate "C" order by note collate "C") from unnest(notes || noted) note) end $$;

create or replace function pg_temp.outcome(reason text) returns text language sql immutable
  as $$ select case when reason is null then 'loaded' when reason like '%\_not\_in\_target' then 'parked'
    else 'rejected' end $$;

-- Readings of columns that are not of the usual type; NULL where a value is none of the wanted kind.
create or replace function pg_temp.whole(a text) returns numeric language sql immutable
  as $$ select case when btrim(a) ~ '^[+-]?[0-9]{1,30}([.]0*)?$' then trunc(btrim(a)::numeric)
    when btrim(a) ~ '^-?[0-9]([.][0-9]+)?e[+][0-9]{2}$' and btrim(a)::numeric = trunc(btrim(a)::numeric)
    then btrim(a)::numeric end $$;

create or replace function pg_temp.flag(a text) returns boolean language sql immutable
  as $$ select case when regexp_replace(lower(btrim(a)), '^([01])[.]0*$', '\1') in ('t', 'true', 'y', 'yes', 'on', '1') then true
    when regexp_replace(lower(btrim(a)), '^([01])[.]0*$', '\1') in ('f', 'false', 'n', 'no', 'off', '0') then false end $$;

-- A text of ISO 8601 that exists, or `infinity` and years BC, which are out of range.
create or replace function pg_temp.moment(a text, zone text) returns timestamptz language plpgsql stable as $$
declare
  said text := lower(btrim(a));
  time constant text := '[t ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]{1,6})?)?';
begin
  if said ~ '^-?infinity$| bc$' then return '-infinity'; end if;
  if said ~ ('^(?!0000)[0-9]{4}-[0-9]{2}-[0-9]{2}' || time || ' ?(z|[+-](0[0-9]|1[0-4])(:?[0-5][0-9])?)$') then
    return said::timestamptz;
  end if;
  if said ~ ('^(?!0000)[0-9]{4}-[0-9]{2}-[0-9]{2}(' || time || ')?$') then
    return said::timestamp at time zone zone;
  end if;
  return null;
exception when data_exception then return null;
end $$;

create or replace function pg_temp.day(a text) returns date language plpgsql stable as $$
declare
  said text := lower(btrim(a));
begin
  if said ~ '^-?infinity$| bc$' then return '-infinity'; end if;
  if said ~ '^(?!0000)[0-9]{4}-[0-9]{2}-[0-9]{2}$' or pg_temp.moment(a, 'UTC') is not null then
    return left(said, 10)::date;
  end if;
  return null;
exception when data_exception then return null;
end $$;
