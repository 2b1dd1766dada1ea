-- Stored 3D file sets (MAPPING.md, projects). Each stands on the case of the same source row.
-- raw dispatch_project (id bigint, uid jsonb, name text, size numeric, type jsonb, status jsonb,
--   public boolean, created_at timestamptz, updated_at timestamptz, creator_id bigint) where id in keys
-- raw auth_user (id bigint) where id in raw_dispatch_project.creator_id

with
-- The legacy key: uid where it is an integer column, else id.
keyed as (
  select j.*, case when uid.type is null then j.id else (j.uid #>> '{}')::bigint end as legacy_key
  from raw_dispatch_project j
  left join source_columns uid on uid.table_name = 'dispatch_project' and uid.column_name = 'uid'
    and uid.type in ('integer', 'smallint')),
-- Each project with its parents, and its reason not to be loaded.
judged as (
  select j.*, kc.legacy_key as case_key, kc.practice, kcr.legacy_key as creator_key,
    j.creator_id is not null and cr.id is null as dangles,
    greatest(j.writer, kc.since, cr.writer, kcr.since) as since,
    coalesce(pg_temp.unreadable(j.id, j.unfit, j.garbled), case
      when j.legacy_key is null then 'legacy_id_missing'
      when kc.legacy_key is null then 'cases_not_in_target'
      when cr.id is not null and kcr.legacy_key is null then 'profiles_not_in_target' end) as reason
  from keyed j
  left join known_cases kc on kc.source_key = j.id
  left join raw_auth_user cr on cr.id = j.creator_id
  left join known_profiles kcr on kcr.source_key = cr.id)
select j.id as source_key, j.legacy_key, pg_temp.outcome(j.reason) as outcome, j.reason,
  case when j.reason is null then pg_temp.noted(array_remove(array[
    case when t.label is null then 'code_unknown:project_type' end,
    case when s.label is null then 'code_unknown:status' end,
    case when j.dangles then 'creator_id_dangling:creator_id' end,
    case when 'created_at' = any(j.undated) then 'date_invalid:created_at' end,
    case when 'updated_at' = any(j.undated) then 'date_invalid:updated_at' end,
    case when pg_temp.out_of_range(j.created_at) then 'date_out_of_range:created_at' end,
    case when pg_temp.out_of_range(j.updated_at) then 'date_out_of_range:updated_at' end,
    case when j.size < 0 then 'size_invalid:file_size' end], null), j.noted)
    else '{}' end as notes,
  j.since,
  case when j.reason is null then j.legacy_key::integer end as legacy_id,
  j.case_key as case_id,
  j.practice as practice_id,
  coalesce(pg_temp.trimmed(j.name), 'Project ' || j.id) as name,
  coalesce(t.label, td.label)::public.project_type_enum as project_type,
  coalesce(s.label, sd.label)::public.project_status_enum as status,
  case when j.size >= 0 then j.size::bigint end as file_size,
  j.creator_key as creator_id,
  coalesce(pg_temp.filled(jsonb_build_object('legacy', pg_temp.filled(jsonb_build_object(
    'id', j.id, 'uid', pg_temp.raw_code(j.uid), 'type', pg_temp.raw_code(j.type),
    'status', pg_temp.raw_code(j.status), 'public', j.public)))), '{}') as metadata,
  pg_temp.instant(j.created_at) as created_at,
  coalesce(pg_temp.instant(j.updated_at), pg_temp.instant(j.created_at)) as updated_at
from judged j
left join codes t on t.map = 'project_type' and t.code = pg_temp.code_of(j.type)
left join codes s on s.map = 'project_status' and s.code = pg_temp.code_of(j.status)
join codes td on td.map = 'project_type' and td.code is null
join codes sd on sd.map = 'project_status' and sd.code is null
