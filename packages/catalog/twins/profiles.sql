-- Everyone (MAPPING.md, profiles). People are never merged.
-- raw auth_user (id bigint, username text, email text, first_name text, last_name text,
--   is_active boolean, is_staff boolean, is_superuser boolean, last_login timestamptz,
--   date_joined timestamptz, updated_at timestamptz) where id in keys
-- raw auth_user_groups (user_id bigint, group_id bigint) where user_id in keys
-- raw dispatch_doctorsetting (user_id bigint) where user_id in keys
-- raw dispatch_office_doctors (office_id bigint, user_id bigint) where user_id in keys
-- raw dispatch_patient (id bigint, user_id bigint, office_id bigint) where user_id in keys
-- raw dispatch_office (id bigint, valid boolean, doctor_id bigint) where doctor_id in keys
--   or id in raw_dispatch_office_doctors.office_id or id in raw_dispatch_patient.office_id

with
-- The offices where a user is a doctor: all of them, whether or not they exist.
member as (
  select user_id, array_agg(office_id order by office_id) filter (where office_id is not null) as ids
  from raw_dispatch_office_doctors group by user_id),
-- The first of those that exist: valid ones first, lowest id.
works_in as (
  select distinct on (d.user_id) d.user_id, o.id as office_id
  from raw_dispatch_office_doctors d join raw_dispatch_office o on o.id = d.office_id
  order by d.user_id, (o.valid is not false) desc, o.id),
-- The first office that a user owns.
owns as (
  select distinct on (doctor_id) doctor_id as user_id, id as office_id
  from raw_dispatch_office where doctor_id is not null
  order by doctor_id, (valid is not false) desc, id),
-- A user's own patient row: the lowest.
own as (
  select distinct on (user_id) user_id, office_id from raw_dispatch_patient order by user_id, id),
-- The groups of a user.
grouped as (
  select user_id, array_agg(group_id order by group_id) as ids
  from raw_auth_user_groups where group_id is not null group by user_id),
-- Doctors by their settings.
setting as (select distinct user_id from raw_dispatch_doctorsetting),
-- Who wrote last what a user's groups, settings and offices are told by.
written as (
  select user_id, max(writer) as writer from (
    select user_id, writer from raw_auth_user_groups
    union all select user_id, writer from raw_dispatch_doctorsetting
    union all select doctor_id, writer from raw_dispatch_office
    union all select d.user_id, greatest(d.writer, o.writer)
      from raw_dispatch_office_doctors d left join raw_dispatch_office o on o.id = d.office_id
    union all select p.user_id, greatest(p.writer, o.writer)
      from raw_dispatch_patient p left join raw_dispatch_office o on o.id = p.office_id) all_rows
  group by user_id),
-- Each user with all that was found.
found as (
  select u.*, m.ids as office_ids, m.user_id is not null as is_member, g.ids as group_ids,
    s.user_id is not null as has_setting, own.user_id is not null as is_patient,
    coalesce(w.office_id, ow.office_id, own.office_id) as office_id,
    greatest(u.writer, wr.writer) as written
  from raw_auth_user u
  left join written wr on wr.user_id = u.id
  left join member m on m.user_id = u.id
  left join works_in w on w.user_id = u.id
  left join owns ow on ow.user_id = u.id
  left join own on own.user_id = u.id
  left join grouped g on g.user_id = u.id
  left join setting s on s.user_id = u.id),
-- Each user with its practice, and its reason not to be loaded.
judged as (
  select f.*, k.legacy_key as practice, f.office_id is not null and o.id is null as dangles,
    greatest(f.written, k.since) as since,
    coalesce(pg_temp.unreadable(f.id, f.unfit, f.garbled), case
      when o.id is not null and k.legacy_key is null then 'practices_not_in_target' end) as reason
  from found f
  left join raw_dispatch_office o on o.id = f.office_id
  left join known_practices k on k.source_key = o.id)
select u.id as source_key, u.id as legacy_key, pg_temp.outcome(u.reason) as outcome, u.reason,
  case when u.reason is null then pg_temp.noted(array_remove(array[
    case when 'date_joined' = any(u.undated) then 'date_invalid:created_at' end,
    case when 'last_login' = any(u.undated) then 'date_invalid:metadata' end,
    case when 'updated_at' = any(u.undated) then 'date_invalid:updated_at' end,
    case when pg_temp.out_of_range(u.date_joined) then 'date_out_of_range:created_at' end,
    case when pg_temp.out_of_range(u.last_login) then 'date_out_of_range:metadata' end,
    case when pg_temp.out_of_range(u.updated_at) then 'date_out_of_range:updated_at' end,
    case when pg_temp.no_mail(u.email) then 'email_invalid:email' end,
    case when u.dangles then 'practice_id_dangling:practice_id' end], null), u.noted)
    else '{}' end as notes,
  u.since,
  case when u.reason is null then u.id::integer end as legacy_id,
  u.practice as practice_id,
  pg_temp.mail(u.email) as email,
  pg_temp.trimmed(u.first_name) as first_name,
  pg_temp.trimmed(u.last_name) as last_name,
  case when u.is_superuser or u.group_ids && array[4, 5]::bigint[] then 'admin'
    when u.group_ids @> array[2]::bigint[] or u.has_setting or u.is_member then 'doctor'
    when u.is_staff or u.group_ids @> array[11]::bigint[] then 'technician'
    when u.group_ids @> array[1]::bigint[] or u.is_patient then 'patient'
    else 'user' end as role,
  coalesce(pg_temp.filled(jsonb_build_object('legacy', pg_temp.filled(jsonb_build_object(
    'username', pg_temp.trimmed(u.username), 'is_active', u.is_active, 'is_staff', u.is_staff,
    'is_superuser', u.is_superuser, 'last_login', pg_temp.iso(u.last_login),
    'group_ids', to_jsonb(u.group_ids), 'office_ids', to_jsonb(u.office_ids))))), '{}') as metadata,
  pg_temp.instant(u.date_joined) as created_at,
  coalesce(pg_temp.instant(u.updated_at), pg_temp.instant(u.date_joined)) as updated_at
from judged u
