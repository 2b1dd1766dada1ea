-- The people who are treated (MAPPING.md, patients).
-- raw dispatch_patient (id bigint, user_id bigint, doctor_id bigint, office_id bigint,
--   date_of_birth date, birthdate date, sex jsonb, status jsonb, archived boolean, suspended boolean,
--   submitted_at timestamptz, created_at timestamptz, updated_at timestamptz, suffix text,
--   schemes json, first_name text, last_name text, phone text, email text) where id in keys
-- raw auth_user (id bigint, first_name text, last_name text, email text)
--   where id in raw_dispatch_patient.user_id
-- raw auth_user as doctor (id bigint) where id in raw_dispatch_patient.doctor_id
-- raw dispatch_office_doctors (office_id bigint, user_id bigint) where user_id in raw_doctor.id
-- raw dispatch_patient as own (id bigint, user_id bigint, office_id bigint)
--   where user_id in raw_doctor.id
-- raw dispatch_instruction as ordered (id bigint) where patient_id in keys
--   needs dispatch_project.office_id
-- raw dispatch_plan as ordered_plan (project_id bigint) where instruction_id in raw_ordered.id
-- raw dispatch_project (id bigint, patient_id bigint, office_id bigint) where patient_id in keys
--   or id in raw_ordered_plan.project_id needs dispatch_project.office_id
-- raw dispatch_plan (id bigint, project_id bigint, instruction_id bigint, original boolean)
--   where project_id in raw_dispatch_project.id
-- raw dispatch_instruction (id bigint, patient_id bigint, deleted boolean)
--   where id in raw_dispatch_plan.instruction_id
-- raw dispatch_office (id bigint, valid boolean, doctor_id bigint)
--   where id in raw_dispatch_patient.office_id or id in raw_dispatch_office_doctors.office_id
--   or id in raw_own.office_id or id in raw_dispatch_project.office_id or doctor_id in raw_doctor.id

with
-- The Chain of each project that may be a patient's.
chain as (
  select distinct on (pl.project_id) pl.project_id, i.patient_id
  from raw_dispatch_plan pl join raw_dispatch_instruction i on i.id = pl.instruction_id
  order by pl.project_id, (pl.original is true) desc, (i.deleted is not true) desc, pl.id),
-- Via case relationships: the office of a patient's project with the highest id that has one.
by_case as (
  select distinct on (coalesce(j.patient_id, c.patient_id)) coalesce(j.patient_id, c.patient_id) as patient_id,
    j.office_id
  from raw_dispatch_project j left join chain c on c.project_id = j.id
  where j.office_id is not null and coalesce(j.patient_id, c.patient_id) is not null
  order by coalesce(j.patient_id, c.patient_id), j.id desc),
-- Who wrote last what tells the Chain of each project.
chain_written as (
  select j.id, greatest(max(j.writer), max(pl.writer), max(i.writer)) as writer
  from raw_dispatch_project j
  left join raw_dispatch_plan pl on pl.project_id = j.id
  left join raw_dispatch_instruction i on i.id = pl.instruction_id
  group by j.id),
-- Who wrote last what tells the projects of a patient: of all that name it, be it in the Chain or beside it.
by_case_written as (
  select named.patient_id, max(c.writer) as writer from (
    select patient_id, id as project_id from raw_dispatch_project
    union all select i.patient_id, pl.project_id
      from raw_dispatch_plan pl join raw_dispatch_instruction i on i.id = pl.instruction_id) named
  join chain_written c on c.id = named.project_id
  group by named.patient_id),
-- The offices where a doctor works, or that a doctor owns.
works_in as (
  select distinct on (d.user_id) d.user_id, o.id as office_id
  from raw_dispatch_office_doctors d join raw_dispatch_office o on o.id = d.office_id
  order by d.user_id, (o.valid is not false) desc, o.id),
owns as (
  select distinct on (doctor_id) doctor_id as user_id, id as office_id
  from raw_dispatch_office where doctor_id is not null
  order by doctor_id, (valid is not false) desc, id),
own as (
  select distinct on (user_id) user_id, office_id from raw_own order by user_id, id),
-- How many offices a doctor has to do with, and one of them.
several as (
  select user_id, min(office_id) as lowest, max(office_id) as highest from (
    select d.user_id, o.id as office_id
    from raw_dispatch_office_doctors d join raw_dispatch_office o on o.id = d.office_id
    union all select doctor_id, id from raw_dispatch_office where doctor_id is not null) with_office
  group by user_id),
-- Who wrote last what tells the offices of a doctor.
doctor_written as (
  select user_id, max(writer) as writer from (
    select user_id, writer from raw_own
    union all select doctor_id, writer from raw_dispatch_office
    union all select d.user_id, greatest(d.writer, o.writer)
      from raw_dispatch_office_doctors d left join raw_dispatch_office o on o.id = d.office_id) all_rows
  group by user_id),
-- The practice of each doctor, and whether it might have been another.
doctor as (
  select d.id, coalesce(w.office_id, ow.office_id, own.office_id) as office_id,
    coalesce(s.lowest <> coalesce(w.office_id, ow.office_id, own.office_id)
      or s.highest <> coalesce(w.office_id, ow.office_id, own.office_id), false) as has_other,
    greatest(d.writer, wr.writer) as writer
  from raw_doctor d
  left join works_in w on w.user_id = d.id
  left join owns ow on ow.user_id = d.id
  left join own on own.user_id = d.id
  left join several s on s.user_id = d.id
  left join doctor_written wr on wr.user_id = d.id),
-- Each patient with its user, its office, and its schemes as JSON; text is cast once.
found as materialized (
  select p.*, u.id is not null as has_user, u.first_name as user_first_name,
    u.last_name as user_last_name, u.email as user_email,
    p.garbled || u.garbled as all_garbled,
    p.noted || pg_temp.named(u.noted, '{first_name,last_name,email}', 'user_\1') as all_noted,
    coalesce(p.office_id, c.office_id, d.office_id) as office,
    coalesce(p.office_id, c.office_id) is null and d.has_other as inferred,
    pg_temp.trimmed(p.schemes) as schemes_raw, pg_temp.as_json(pg_temp.trimmed(p.schemes)) as schemes_json,
    coalesce(pg_temp.trimmed(p.email), u.email) as mail,
    case when p.undated && array['date_of_birth', 'birthdate'] and p.date_of_birth is null then null
      else coalesce(p.date_of_birth, p.birthdate) end as birth,
    coalesce(p.created_at, case when 'created_at' = any(p.undated) then null else p.submitted_at end)
      as created,
    greatest(p.writer, u.writer, case when p.office_id is null then cw.writer end,
      case when coalesce(p.office_id, c.office_id) is null then d.writer end) as written
  from raw_dispatch_patient p
  left join raw_auth_user u on u.id = p.user_id
  left join by_case c on c.patient_id = p.id
  left join by_case_written cw on cw.patient_id = p.id
  left join doctor d on d.id = p.doctor_id),
-- Each patient with its parents, and its reason not to be loaded.
judged as (
  select f.*, kp.legacy_key as practice, ku.legacy_key as profile,
    f.office is not null and o.id is null as dangles,
    greatest(f.written, o.writer, kp.since, ku.since) as since,
    coalesce(pg_temp.unreadable(f.id, f.unfit, f.all_garbled), case
      when o.id is not null and kp.legacy_key is null then 'practices_not_in_target'
      when f.has_user and ku.legacy_key is null then 'profiles_not_in_target' end) as reason
  from found f
  left join raw_dispatch_office o on o.id = f.office
  left join known_practices kp on kp.source_key = o.id
  left join known_profiles ku on ku.source_key = f.user_id and f.has_user)
select p.id as source_key, p.id as legacy_key, pg_temp.outcome(p.reason) as outcome, p.reason,
  case when p.reason is null then pg_temp.noted(array_remove(array[
    case when 'created_at' = any(p.undated) or 'submitted_at' = any(p.undated) and p.created_at is null
      then 'date_invalid:created_at' end,
    case when 'date_of_birth' = any(p.undated) or 'birthdate' = any(p.undated) and p.date_of_birth is null
      then 'date_invalid:date_of_birth' end,
    case when 'submitted_at' = any(p.undated) then 'date_invalid:medical_history' end,
    case when 'updated_at' = any(p.undated) then 'date_invalid:updated_at' end,
    case when pg_temp.out_of_range(p.created) then 'date_out_of_range:created_at' end,
    case when p.birth not between date '1900-01-01' and current_date
      then 'date_out_of_range:date_of_birth' end,
    case when pg_temp.out_of_range(p.submitted_at) then 'date_out_of_range:medical_history' end,
    case when pg_temp.out_of_range(p.updated_at) then 'date_out_of_range:updated_at' end,
    case when pg_temp.no_mail(p.mail) then 'email_invalid:email' end,
    case when p.schemes_raw is not null and p.schemes_json is null then 'json_invalid:medical_history' end,
    case when p.dangles then 'practice_id_dangling:practice_id' end,
    case when p.inferred and p.practice is not null then 'practice_inferred:practice_id' end,
    case when p.office is null then 'practice_unresolved:practice_id' end,
    case when p.user_id is not null and not p.has_user then 'profile_id_dangling:profile_id' end], null), p.all_noted)
    else '{}' end as notes,
  p.since,
  case when p.reason is null then p.id::integer end as legacy_id,
  p.practice as practice_id,
  p.profile as profile_id,
  coalesce(pg_temp.trimmed(p.first_name), pg_temp.trimmed(p.user_first_name)) as first_name,
  coalesce(pg_temp.trimmed(p.last_name), pg_temp.trimmed(p.user_last_name)) as last_name,
  case when p.birth between date '1900-01-01' and current_date then p.birth end as date_of_birth,
  pg_temp.trimmed(p.phone) as phone,
  pg_temp.mail(p.mail) as email,
  jsonb_strip_nulls(jsonb_build_object(
    'legacy', pg_temp.filled(jsonb_build_object(
      'sex', pg_temp.raw_code(p.sex), 'status', pg_temp.raw_code(p.status), 'archived', p.archived,
      'suspended', p.suspended, 'suffix', pg_temp.trimmed(p.suffix),
      'submitted_at', pg_temp.iso(p.submitted_at))),
    'schemes', p.schemes_json,
    'schemes_raw', case when p.schemes_json is null then p.schemes_raw end)) as medical_history,
  pg_temp.instant(p.created) as created_at,
  coalesce(pg_temp.instant(p.updated_at), pg_temp.instant(p.created)) as updated_at
from judged p
