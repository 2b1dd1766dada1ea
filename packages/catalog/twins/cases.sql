-- One case per project (MAPPING.md, cases).
-- raw dispatch_project (id bigint, uid jsonb, name text, type jsonb, status jsonb, public boolean,
--   created_at timestamptz, updated_at timestamptz, patient_id bigint, office_id bigint,
--   creator_id bigint) where id in keys
-- raw dispatch_plan (id bigint, project_id bigint, instruction_id bigint, original boolean)
--   where project_id in keys
-- raw dispatch_instruction (id bigint, patient_id bigint, course_id bigint, notes text, complaint text,
--   conditions text, objective text, deleted boolean) where id in raw_dispatch_plan.instruction_id
-- raw dispatch_course (id bigint, name text) where id in raw_dispatch_instruction.course_id
-- raw dispatch_patient (id bigint) where id in raw_dispatch_project.patient_id
--   or id in raw_dispatch_instruction.patient_id
-- raw auth_user (id bigint) where id in raw_dispatch_project.creator_id
-- raw dispatch_office (id bigint) where id in raw_dispatch_project.office_id

with
-- The Chain: the original plan first, then a not-deleted instruction first, then the lowest plan id.
chain as (
  select distinct on (pl.project_id) pl.project_id, pl.instruction_id, i.patient_id, i.course_id,
    i.notes, i.complaint, i.conditions, i.objective,
    pg_temp.named(i.garbled, '{notes,complaint,conditions,objective}', '\1') as garbled,
    pg_temp.named(i.noted, '{notes,complaint,conditions,objective}', '\1') as noted
  from raw_dispatch_plan pl join raw_dispatch_instruction i on i.id = pl.instruction_id
  order by pl.project_id, (pl.original is true) desc, (i.deleted is not true) desc, pl.id),
-- All plans of a project, and who wrote them or their instructions last.
plans as (
  select pl.project_id, array_agg(pl.id order by pl.id) as ids, greatest(max(pl.writer), max(i.writer)) as writer
  from raw_dispatch_plan pl left join raw_dispatch_instruction i
    on i.id = pl.instruction_id
  group by pl.project_id),
-- What a course makes of a case; a course without a label is none.
course as (
  select c.id, l.label from raw_dispatch_course c
  join codes l on l.map = 'course' and l.code = pg_temp.code_of(c.name)),
-- Each project with its Chain and whom it names.
found as (
  select j.*, coalesce(j.patient_id, ch.patient_id) as patient, ch.instruction_id, pl.ids as plan_ids,
    ch.notes as chain_notes, ch.complaint, ch.conditions, ch.objective, course.label as course,
    j.garbled || ch.garbled || co.garbled as all_garbled,
    j.noted || ch.noted || pg_temp.named(co.noted, '{name}', 'course') as all_noted,
    greatest(j.writer, pl.writer, co.writer) as written
  from raw_dispatch_project j
  left join chain ch on ch.project_id = j.id
  left join plans pl on pl.project_id = j.id
  left join course on course.id = ch.course_id
  left join raw_dispatch_course co on co.id = ch.course_id),
-- Each project beside its parents.
linked as (
  select f.*, pa.id is not null as has_patient, kpa.legacy_key is not null as knows_patient,
    kpa.legacy_key as patient_key, kpa.practice as patients_practice,
    o.id is not null as has_office, ko.legacy_key as office_key,
    cr.id is not null as has_creator, kcr.legacy_key is not null as knows_creator,
    case when kcr.role in ('doctor', 'patient') then kcr.practice end as creators_practice,
    greatest(f.written, pa.writer, kpa.since, o.writer, ko.since) as since_patient,
    greatest(cr.writer, kcr.since) as since_creator
  from found f
  left join raw_dispatch_patient pa on pa.id = f.patient
  left join known_patients kpa on kpa.source_key = pa.id
  left join raw_dispatch_office o on o.id = f.office_id
  left join known_practices ko on ko.source_key = o.id
  left join raw_auth_user cr on cr.id = f.creator_id
  left join known_profiles kcr on kcr.source_key = cr.id),
-- Its reason not to be loaded. The creator is asked for only where nothing nearer tells the practice.
judged as (
  select l.*, l.office_id is null and l.patients_practice is null as asks_creator,
    coalesce(pg_temp.unreadable(l.id, l.unfit, l.all_garbled), case
      when l.has_patient and not l.knows_patient then 'patients_not_in_target'
      when l.has_office and l.office_key is null then 'practices_not_in_target'
      when l.office_id is null and l.patients_practice is null and l.has_creator and not l.knows_creator
        then 'profiles_not_in_target' end) as reason
  from linked l)
select j.id as source_key, j.id as legacy_key, pg_temp.outcome(j.reason) as outcome, j.reason,
  case when j.reason is null then pg_temp.noted(array_remove(array[
    case when j.course is null and t.label is null then 'code_unknown:case_type' end,
    case when s.label is null then 'code_unknown:current_state' end,
    case when 'created_at' = any(j.undated) then 'date_invalid:created_at' end,
    case when 'updated_at' = any(j.undated) then 'date_invalid:updated_at' end,
    case when pg_temp.out_of_range(j.created_at) then 'date_out_of_range:created_at' end,
    case when pg_temp.out_of_range(j.updated_at) then 'date_out_of_range:updated_at' end,
    case when j.patient is not null and not j.has_patient then 'patient_id_dangling:patient_id' end,
    case when j.patient is null then 'patient_unresolved:patient_id' end,
    case when j.office_id is not null and not j.has_office then 'practice_id_dangling:practice_id' end,
    case when j.asks_creator and j.creators_practice is not null then 'practice_inferred:practice_id' end,
    case when j.asks_creator and j.creators_practice is null then 'practice_unresolved:practice_id' end],
    null), j.all_noted) else '{}' end as notes,
  greatest(j.since_patient, case when j.asks_creator then j.since_creator end) as since,
  case when j.reason is null then j.id::integer end as legacy_project_id,
  j.patient_key as patient_id,
  case when j.office_id is not null then j.office_key
    else coalesce(j.patients_practice, j.creators_practice) end as practice_id,
  'CASE-' || lpad(j.id::text, greatest(6, length(j.id::text)), '0') as case_number,
  coalesce(pg_temp.trimmed(j.name), 'Case ' || j.id) as title,
  coalesce(j.course, t.label, td.label)::public.case_type_enum as case_type,
  coalesce(s.label, sd.label)::public.case_state_enum as current_state,
  coalesce(pg_temp.filled(jsonb_build_object(
    'legacy', pg_temp.filled(jsonb_build_object(
      'uid', pg_temp.raw_code(j.uid), 'type', pg_temp.raw_code(j.type), 'status', pg_temp.raw_code(j.status),
      'public', j.public, 'instruction_id', j.instruction_id, 'plan_ids', to_jsonb(j.plan_ids))),
    'clinical', pg_temp.filled(jsonb_build_object(
      'notes', pg_temp.trimmed(j.chain_notes), 'complaint', pg_temp.trimmed(j.complaint),
      'conditions', pg_temp.trimmed(j.conditions), 'objective', pg_temp.trimmed(j.objective))))), '{}')
    as metadata,
  pg_temp.instant(j.created_at) as created_at,
  coalesce(pg_temp.instant(j.updated_at), pg_temp.instant(j.created_at)) as updated_at
from judged j
left join codes t on t.map = 'case_type' and t.code = pg_temp.code_of(j.type)
left join codes s on s.map = 'case_state' and s.code = pg_temp.code_of(j.status)
join codes td on td.map = 'case_type' and td.code is null
join codes sd on sd.map = 'case_state' and sd.code is null
