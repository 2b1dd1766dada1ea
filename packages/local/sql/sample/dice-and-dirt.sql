-- Dice for the sample: every value is a function of (seed, what, n), so one seed gives one database on PostgreSQL and PGlite alike.
-- hashint8extended is PostgreSQL's own (11 and later); it is inlined and about fifty times cheaper than md5.
-- seed() and amount(what) stand before this file, made from the options. All of this schema is dropped before the commit.
create function draw(what text, n bigint) returns bigint language sql immutable as
$$ select hashint8extended(n, hashtextextended(what, seed())) & 9223372036854775807 $$;

-- 0 … sides - 1
create function roll(what text, n bigint, sides bigint) returns int language sql immutable as
$$ select (draw(what, n) % greatest(sides, 1))::int $$;

create function chance(what text, n bigint, percent numeric) returns boolean language sql immutable as
$$ select roll(what, n, 10000) < percent * 100 $$;

create function one_of(what text, n bigint, among text[]) returns text language sql immutable as
$$ select among[1 + roll(what, n, cardinality(among))] $$;

-- The nth id of a table from which rows were deleted: ascending, never contiguous.
create function gapped(n bigint) returns int language sql immutable as $$ select (n + n / 9 + n / 1000 * 37)::int $$;
create function office_id(n bigint) returns int language sql immutable as $$ select gapped(n) + 3 $$;
create function patient_id(n bigint) returns int language sql immutable as $$ select gapped(n) + 57 $$;
create function project_id(n bigint) returns int language sql immutable as $$ select gapped(n) + 1000 $$;
create function instruction_id(n bigint) returns int language sql immutable as $$ select gapped(n) + 211 $$;
create function template_id(n bigint) returns int language sql immutable as $$ select gapped(n) + 5 $$;

-- An instant between 2016 and 2025, with microseconds.
create function moment(what text, n bigint) returns timestamptz language sql immutable as
$$ select timestamptz '2016-01-01 00:00:00+00' + (draw(what, n) % 283824000000000)::double precision * interval '1 microsecond' $$;

-- White space of every kind around 4 % of the values.
create function padded(what text, n bigint, value text) returns text language sql immutable as
$$ select case when chance(what || ' padding', n, 4)
     then one_of(what || ' left', n, array[chr(160), chr(12288), E'\t', ' ', chr(65279), E'\r\n']) || value
       || one_of(what || ' right', n, array[' ', chr(12288), E'\n', chr(160), chr(11), chr(12)])
     else value end $$;

create function first_name(n bigint) returns text language sql immutable as
$$ select padded('first name', n, one_of('first name', n, array['Aiko', 'Maria', 'José', 'Søren', 'Priya', 'Somchai', '花子', 'Łukasz',
     'Anna', 'James', 'Nguyễn', 'Ines', 'Omar', 'Ruth', 'Kenji', 'Lakshmi', '太郎', 'Zoë', 'Ali', 'Grace'])) $$;
create function last_name(n bigint) returns text language sql immutable as
$$ select padded('last name', n, one_of('last name', n, array['Yamada', 'García', 'O''Neil', 'Müller', 'Patel', '鈴木', 'Smith', 'van der Berg',
     'Chaiyasit', 'Kowalski', 'Brown', 'Nakamura', 'D''Souza', 'Lee', 'Rossi', 'Ivanov', 'St. John', 'Haddad', 'Kim', 'Ōta'])) $$;
create function phone(n bigint) returns text language sql immutable as
$$ select case when chance('phone blank', n, 20) then '' else padded('phone', n, '+1 555 ' || lpad(roll('phone', n, 10000000)::text, 7, '0')) end $$;

-- Clinical prose. Some of it is equal in many rows, as canned texts are.
create function prose(what text, n bigint) returns text language sql immutable as
$$ select one_of(what || ' who', n, array['Patient reports', 'Examination shows', 'Doctor asks for', 'Previous aligners caused', 'Scan suggests', '患者は']) || ' '
     || one_of(what || ' what', n, array['crowding of the lower incisors', 'an open bite', 'spacing in the upper arch', 'a deep bite with wear',
          'rotation of tooth 23', '前歯の叢生', 'relapse after treatment', 'no discomfort', 'a crossbite on the left', 'midline shift of 2 mm']) || '; '
     || one_of(what || ' then', n, array['attachments allowed.', 'no extractions.', 'IPR up to 0.3 mm where needed.', 'keep molars still.',
          'stage slowly 🦷.', 'review after stage 8.', 'see photos.', 'expand posterior first.'])
     || case when chance(what || ' long', n, 3) then repeat(' Further remarks are in the chart and were discussed at length.', 25) else '' end $$;
create function remark(what text, n bigint) returns text language sql immutable as
$$ select case when chance(what || ' null', n, 20) then null when chance(what || ' blank', n, 45) then '' else padded(what, n, prose(what, n)) end $$;

-- What both shapes have. Rare dirt comes every so many rows, so that a small sample has it too.
create function born(n bigint) returns date language sql immutable as $$
  select case when n % 151 = 4 then date '1800-01-01' + roll('1800s', n, 36000)
    when n % 157 = 9 then date '2090-01-01' + roll('future', n, 9000)
    when n % 163 = 2 then one_of('infinite', n, array['infinity', '-infinity'])::date
    when chance('birthless', n, 4) then null
    else date '1930-01-01' + roll('born', n, 32000) end $$;
create function project_name(n bigint) returns text language sql immutable as $$
  select case when chance('nameless project', n, 45) then '' when chance('number', n, 40) then (1 + roll('project number', n, 900))::text
    else padded('project', n, one_of('project', n, array['Upper ', 'Lower ', '上顎 ', 'Refinement ', 'Retainer ', 'Scan – '])
      || roll('project stage', n, 60)) end $$;
create function file_size(n bigint) returns bigint language sql immutable as $$
  select case when n % 331 = 12 then -1 - roll('negative', n, 5000) when n % 337 = 9 then 0
    when chance('large', n, 3) then 2147483648 + draw('large size', n) % 9000000000 else roll('size', n, 250000000) end $$;
-- Of one state behind the first of its case: none for a fifth, else up to 25 hours.
create function delay(n bigint) returns interval language sql immutable as
$$ select case when chance('same instant', n, 20) then 0 else draw('delay', n) % 90000000000 end * interval '1 microsecond' $$;
