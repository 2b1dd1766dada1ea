-- A live source goes on. This part is for both shapes. Each change is noted with the key of every target row that must follow it.
create table sample_tools.changes (entity text, change text, key int);
create function sample_tools.part(rows bigint) returns bigint language sql immutable as $$ select greatest(1, round(rows * share()))::bigint $$;
create function sample_tools.few(rows bigint) returns bigint language sql immutable as $$ select greatest(1, round(rows * share() / 5))::bigint $$;
-- Differs from the value before it, whatever the seed.
create function sample_tools.other(value text, id int) returns text language sql immutable as $$ select 'x'
  || substr(md5(coalesce(value, '') || id), 1, 8) $$;

-- Django's way of saving a many-to-many field: the same pair comes back with a new id.
create table sample_tools.relinked as select id, office_id,
  user_id from dispatch_office_doctors order by draw('relink', id) limit few((select count(*) from dispatch_office_doctors));
delete from dispatch_office_doctors where id in (select id from sample_tools.relinked);
insert into sample_tools.changes select 'practice_members', 'deleted', id from sample_tools.relinked;
with back as (insert into dispatch_office_doctors (office_id, user_id) select office_id, user_id from sample_tools.relinked order by id returning id)
insert into sample_tools.changes select 'practice_members', 'inserted', id from back;

with done as (update dispatch_office set phone = other(phone, id)
  where id in (select id from dispatch_office order by draw('office phone', id) limit part((select count(*) from dispatch_office))) returning id)
insert into sample_tools.changes select 'practices', 'updated', id from done;

-- A new name shows on the profile, and on patients that have no name of their own (see the shape's part).
create table sample_tools.renamed as select id from auth_user order by draw('new name', id) limit part((select count(*) from auth_user));
update auth_user set last_name = other(last_name, id) where id in (select id from sample_tools.renamed);
insert into sample_tools.changes select 'profiles', 'updated', id from sample_tools.renamed;

-- Someone leaves or comes back: the profile, and every membership that is not new anyway.
with switched as (update auth_user set is_active = not is_active
    where id in (select user_id from dispatch_office_doctors group by 1 order by draw('switch', user_id)
      limit part((select count(*) from dispatch_office_doctors))) returning id),
  members as (insert into sample_tools.changes select 'practice_members', 'updated', d.id from dispatch_office_doctors d
    join switched s on s.id = d.user_id
    where d.id not in (select key from sample_tools.changes where entity = 'practice_members'))
insert into sample_tools.changes select 'profiles', 'updated', id from switched;

create table sample_tools.newcomers as
select nextval(pg_get_serial_sequence('dispatch_office', 'id'))::int as office, nextval(pg_get_serial_sequence('auth_user', 'id'))::int as doctor,
  nextval(pg_get_serial_sequence('auth_user', 'id'))::int as person, nextval(pg_get_serial_sequence('dispatch_patient', 'id'))::int as patient,
  nextval(pg_get_serial_sequence('dispatch_project', 'id'))::int as project, nextval(pg_get_serial_sequence('dispatch_state', 'id'))::int as state,
  nextval(pg_get_serial_sequence('dispatch_template', 'id'))::int as template,
  nextval(pg_get_serial_sequence('dispatch_office_doctors', 'id'))::int as link
from generate_series(1, few((select count(*) from dispatch_patient))) as k;
insert into auth_user (id, password, is_superuser, username, first_name, last_name, email, is_staff, is_active, date_joined)
select id, '!', false, 'newcomer.' || id, 'New', 'Comer', '', false, true, moment('newcomer', id)
from (select doctor as id from sample_tools.newcomers union all select person from sample_tools.newcomers) as newcomer;
insert into sample_tools.changes select entity, 'inserted', key from sample_tools.newcomers,
  lateral (values ('practices', office), ('profiles', doctor), ('profiles', person),
  ('patients', patient), ('cases', project), ('case_states', state), ('workflow_templates', template), ('practice_members', link)) as row (entity,
  key);
