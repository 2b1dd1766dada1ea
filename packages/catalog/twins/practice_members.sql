-- Who works in which practice (MAPPING.md, practice_members). A pair has one row: the lowest source id wins.
-- raw dispatch_office_doctors (id bigint, office_id bigint, user_id bigint, created_at timestamptz,
--   updated_at timestamptz) where id in keys
-- raw dispatch_office_doctors as same_user (id bigint, office_id bigint, user_id bigint)
--   where user_id in raw_dispatch_office_doctors.user_id
-- raw dispatch_office (id bigint, doctor_id bigint) where id in raw_dispatch_office_doctors.office_id
-- raw auth_user (id bigint, is_active boolean) where id in raw_dispatch_office_doctors.user_id

with
-- The row of each pair that wins.
first as (
  select office_id, user_id, min(id) as id, max(writer) as writer from raw_same_user group by office_id, user_id),
-- Each row with its parents, and its reason not to be loaded.
judged as (
  select d.*, o.doctor_id, u.is_active, u.noted as users_noted, kp.legacy_key as practice, ku.legacy_key as profile,
    greatest(d.writer, first.writer, o.writer, u.writer, kp.since, ku.since) as since,
    coalesce(pg_temp.unreadable(d.id, d.unfit || u.unfit, u.garbled), case
      when first.id < d.id then 'duplicate_membership'
      when d.office_id is null then 'practice_id_missing'
      when o.id is null then 'practice_id_dangling'
      when kp.legacy_key is null then 'practices_not_in_target'
      when d.user_id is null then 'profile_id_missing'
      when u.id is null then 'profile_id_dangling'
      when ku.legacy_key is null then 'profiles_not_in_target' end) as reason
  from raw_dispatch_office_doctors d
  left join first on first.office_id = d.office_id and first.user_id = d.user_id
  left join raw_dispatch_office o on o.id = d.office_id
  left join raw_auth_user u on u.id = d.user_id
  left join known_practices kp on kp.source_key = o.id
  left join known_profiles ku on ku.source_key = u.id)
select d.id as source_key, d.id as legacy_key, pg_temp.outcome(d.reason) as outcome, d.reason,
  case when d.reason is null then pg_temp.noted(array_remove(array[
    case when 'created_at' = any(d.undated) then 'date_invalid:created_at' end,
    case when 'updated_at' = any(d.undated) then 'date_invalid:updated_at' end,
    case when pg_temp.out_of_range(d.created_at) then 'date_out_of_range:created_at' end,
    case when pg_temp.out_of_range(d.updated_at) then 'date_out_of_range:updated_at' end], null), d.users_noted)
    else '{}' end as notes,
  d.since,
  case when d.reason is null then d.id::integer end as legacy_id,
  d.practice as practice_id,
  d.profile as profile_id,
  case when d.doctor_id = d.user_id then 'owner' else 'doctor' end as role,
  coalesce(d.is_active, false) as is_active,
  pg_temp.instant(d.created_at) as created_at,
  coalesce(pg_temp.instant(d.updated_at), pg_temp.instant(d.created_at)) as updated_at
from judged d
