-- The tasks of workflows (MAPPING.md, workflow_templates).
-- raw dispatch_template (id bigint, office_id bigint, task_name text, action_name text, function jsonb,
--   status jsonb, duration jsonb, category_id bigint, course_id bigint, created_at timestamptz,
--   updated_at timestamptz) where id in keys
-- raw dispatch_template_predecessors (from_template_id bigint, to_template_id bigint)
--   where from_template_id in keys
-- raw dispatch_office (id bigint) where id in raw_dispatch_template.office_id
-- raw dispatch_course (id bigint, name text) where id in raw_dispatch_template.course_id
-- raw dispatch_category (id bigint, name text) where id in raw_dispatch_template.category_id

with
-- The tasks that come before each.
before as (
  select from_template_id, array_agg(to_template_id order by to_template_id) filter (where to_template_id is not null) as ids,
    max(writer) as writer
  from raw_dispatch_template_predecessors group by from_template_id),
-- Each template with its practice, and its reason not to be loaded.
judged as (
  select t.*, k.legacy_key as practice, t.office_id is not null and o.id is null as dangles,
    pg_temp.trimmed(t.task_name) as name, pg_temp.trimmed(co.name) as course, ca.name as category,
    b.ids as predecessors, greatest(t.writer, o.writer, co.writer, ca.writer, b.writer, k.since) as since,
    coalesce(pg_temp.unreadable(t.id, t.unfit, t.garbled || co.garbled || ca.garbled), case
      when o.id is not null and k.legacy_key is null then 'practices_not_in_target' end) as reason,
    t.noted || pg_temp.named(co.noted, '{name}', 'course') || pg_temp.named(ca.noted, '{name}', 'category') as all_noted
  from raw_dispatch_template t
  left join raw_dispatch_office o on o.id = t.office_id
  left join known_practices k on k.source_key = o.id
  left join raw_dispatch_course co on co.id = t.course_id
  left join raw_dispatch_category ca on ca.id = t.category_id
  left join before b on b.from_template_id = t.id)
select t.id as source_key, t.id as legacy_key, pg_temp.outcome(t.reason) as outcome, t.reason,
  case when t.reason is null then pg_temp.noted(array_remove(array[
    case when t.course is not null and c.label is null then 'code_unknown:case_type' end,
    case when 'created_at' = any(t.undated) then 'date_invalid:created_at' end,
    case when 'updated_at' = any(t.undated) then 'date_invalid:updated_at' end,
    case when pg_temp.out_of_range(t.created_at) then 'date_out_of_range:created_at' end,
    case when pg_temp.out_of_range(t.updated_at) then 'date_out_of_range:updated_at' end,
    case when t.name is null then 'name_missing:name' end,
    case when t.dangles then 'practice_id_dangling:practice_id' end], null), t.all_noted)
    else '{}' end as notes,
  t.since,
  case when t.reason is null then t.id::integer end as legacy_id,
  t.practice as practice_id,
  coalesce(t.name, 'Template ' || t.id) as name,
  coalesce(c.label, cd.label)::public.case_type_enum as case_type,
  jsonb_build_array(jsonb_strip_nulls(jsonb_build_object(
    'action', coalesce(pg_temp.trimmed(t.action_name), t.name), 'function', pg_temp.raw_code(t.function),
    'status', pg_temp.raw_code(t.status), 'duration', pg_temp.raw_code(t.duration),
    'category', pg_temp.trimmed(t.category), 'predecessors', to_jsonb(t.predecessors)))) as steps,
  true as is_active,
  pg_temp.instant(t.created_at) as created_at,
  coalesce(pg_temp.instant(t.updated_at), pg_temp.instant(t.created_at)) as updated_at
from judged t
left join codes c on c.map = 'course' and c.code = pg_temp.code_of(t.course)
join codes cd on cd.map = 'course' and cd.code is null
