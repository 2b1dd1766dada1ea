-- The history of a case (MAPPING.md, case_states).
-- raw dispatch_state (id bigint, status jsonb, on boolean, changed_at timestamptz, actor_id bigint,
--   instruction_id bigint, project_id bigint) where id in keys
-- raw dispatch_plan as named (instruction_id bigint) where project_id in raw_dispatch_state.project_id
-- raw dispatch_plan as own (id bigint, project_id bigint, instruction_id bigint, original boolean)
--   where instruction_id in raw_dispatch_state.instruction_id or instruction_id in raw_named.instruction_id
-- raw dispatch_plan (id bigint, project_id bigint, instruction_id bigint, original boolean)
--   where project_id in raw_own.project_id
-- raw dispatch_instruction (id bigint, deleted boolean) where id in raw_dispatch_plan.instruction_id
-- raw dispatch_state as history (id bigint, status jsonb, on boolean, changed_at timestamptz,
--   instruction_id bigint, project_id bigint) where instruction_id in raw_dispatch_state.instruction_id
--   or instruction_id in raw_own.instruction_id or project_id in raw_dispatch_state.project_id
--   or project_id in raw_own.project_id
-- raw dispatch_project (id bigint) where id in raw_dispatch_state.project_id or id in raw_own.project_id
-- raw auth_user (id bigint) where id in raw_dispatch_state.actor_id

with
-- The instruction of each project's Chain.
chain as (
  select distinct on (pl.project_id) pl.project_id, pl.instruction_id
  from raw_dispatch_plan pl join raw_dispatch_instruction i on i.id = pl.instruction_id
  order by pl.project_id, (pl.original is true) desc, (i.deleted is not true) desc, pl.id),
-- Among the plans of an instruction, a project whose Chain is this instruction: never another patient's.
placed as (
  select distinct on (o.instruction_id) o.instruction_id, o.project_id
  from raw_own o
  join chain c on c.project_id = o.project_id and c.instruction_id = o.instruction_id
  order by o.instruction_id, (o.original is true) desc, o.id),
-- Who wrote last what places an instruction, and the instructions of a project.
chain_written as (
  select pl.project_id, greatest(max(pl.writer), max(i.writer)) as writer
  from raw_dispatch_plan pl left join raw_dispatch_instruction i on i.id = pl.instruction_id
  group by pl.project_id),
placed_written as (
  select o.instruction_id, max(c.writer) as writer
  from raw_own o join chain_written c on c.project_id = o.project_id group by o.instruction_id),
project_written as (
  select o.project_id, max(p.writer) as writer
  from raw_own o join placed_written p on p.instruction_id = o.instruction_id group by o.project_id),
-- Every row of these histories with its case and what it says. A text that is no instant comes before all that are.
history as (
  select h.id, coalesce(h.project_id, p.project_id) as project_id, h.unfit,
    pg_temp.named(h.garbled, '{status,on}', 'previous_\1') as garbled,
    pg_temp.named(h.noted, '{status,on}', 'previous_\1') as noted, h.writer,
    case when 'changed_at' = any(h.undated) then timestamptz '4713-01-01 00:00:00+00 BC'
      else h.changed_at end as changed_at,
    case when h."on" is false then 'to_state_off' else 'to_state' end as map,
    pg_temp.code_of(h.status) as code
  from raw_history h left join placed p on p.instruction_id = h.instruction_id),
history_written as (
  select project_id, max(writer) as writer from history group by project_id),
-- Each row with the one before it in its case.
followed as (
  select id, lag(id) over before as previous, lag(map) over before as map, lag(code) over before as code,
    lag(unfit) over before as unfit, lag(garbled) over before as garbled, lag(noted) over before as noted
  from history where project_id is not null and changed_at is not null
  window before as (partition by project_id order by changed_at, id)),
-- Each row with its case, its actor and what was before.
linked as (
  select s.*, coalesce(s.project_id, p.project_id) as project, j.id is not null as has_project,
    k.legacy_key is not null as knows_case, k.legacy_key as case_key, k.practice,
    a.id is not null as has_actor, ka.legacy_key is not null as knows_actor, ka.legacy_key as actor_key,
    f.previous, f.map as previous_map, f.code as previous_code,
    pg_temp.unreadable(s.id, s.unfit || f.unfit, s.garbled || f.garbled) as unreadable,
    s.noted || f.noted as all_noted,
    case when s."on" is false then 'to_state_off' else 'to_state' end as map,
    greatest(s.writer, pw.writer, jw.writer, hw.writer, j.writer, k.since, a.writer, ka.since) as since
  from raw_dispatch_state s
  left join placed p on p.instruction_id = s.instruction_id
  left join raw_dispatch_project j on j.id = coalesce(s.project_id, p.project_id)
  left join known_cases k on k.source_key = j.id
  left join raw_auth_user a on a.id = s.actor_id
  left join known_profiles ka on ka.source_key = a.id
  left join followed f on f.id = s.id
  left join placed_written pw on pw.instruction_id = s.instruction_id
  left join project_written jw on jw.project_id = coalesce(s.project_id, p.project_id)
  left join history_written hw on hw.project_id = coalesce(s.project_id, p.project_id)),
-- Its reason not to be loaded.
judged as (
  select l.*, case when l.unreadable is not null then l.unreadable
      when l.project is null then 'case_unresolved'
      when not l.has_project then 'case_id_dangling'
      when not l.knows_case then 'cases_not_in_target'
      when l.has_actor and not l.knows_actor then 'profiles_not_in_target' end as reason
  from linked l)
select s.id as source_key, s.id as legacy_key, pg_temp.outcome(s.reason) as outcome, s.reason,
  case when s.reason is null then pg_temp.noted(array_remove(array[
    case when s.actor_id is not null and not s.has_actor then 'changed_by_dangling:changed_by' end,
    case when s.previous is not null and b.label is null then 'code_unknown:from_state' end,
    case when t.label is null then 'code_unknown:to_state' end,
    case when 'changed_at' = any(s.undated) then 'date_invalid:created_at' end,
    case when pg_temp.out_of_range(s.changed_at) then 'date_out_of_range:created_at' end], null), s.all_noted)
    else '{}' end as notes,
  s.since,
  case when s.reason is null then s.id::integer end as legacy_id,
  s.case_key as case_id,
  s.practice as practice_id,
  case when s.previous is not null then coalesce(b.label, bd.label) end::public.case_state_enum as from_state,
  coalesce(t.label, td.label)::public.case_state_enum as to_state,
  s.actor_key as changed_by,
  'legacy status ' || pg_temp.trimmed(s.status #>> '{}')
    || case when s."on" then ' on' when not s."on" then ' off' else '' end as target_reason,
  pg_temp.instant(s.changed_at) as created_at
from judged s
left join codes t on t.map = s.map and t.code = pg_temp.code_of(s.status)
left join codes b on b.map = s.previous_map and b.code = s.previous_code
join codes td on td.map = s.map and td.code is null
left join codes bd on bd.map = s.previous_map and bd.code is null
