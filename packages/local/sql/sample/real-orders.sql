-- The orders of the real shape: instructions, projects, the plans between them, states; and the templates.
insert into dispatch_instruction (id, patient_id, course_id, "order", model, scanner, scanner_notes, notes, complaint, conditions,
  objective, exports, price, status, cbct, accept_extraction, comprehensive, deleted, suffix, submitted_at, updated_at)
select instruction_id(i), patient_id(1 + roll('instruction patient', i, amount('patients'))),
  one_of('course', i, array['1', '1', '1', '1', '1', '1', '1', '2', '2', '2', '2', '3', '3', '4', '7', '8', null])::int, roll('order', i, 9),
  roll('model', i, 4), roll('scanner', i, 5),
  remark('scanner notes', i), remark('notes', i), remark('complaint', i), remark('conditions', i), remark('objective', i), '',
  roll('price', i, 400000) / 100.0, roll('instruction status', i, 12),
  chance('cbct', i, 10), chance('extraction', i, 20), chance('comprehensive', i, 50),
  case when chance('deleted null', i, 6) then null else chance('deleted', i, 4) end,
  one_of('instruction suffix', i, array['', '', 'R1', null]), moment('ordered', i), moment('order updated', i)
from generate_series(1, amount('instructions')) as i;

-- Places by lot: the first 52 % are treatment plans (type 3), and they alone have rows in dispatch_plan.
create table sample_tools.lots as select n, project_id(n) as id,
  row_number() over (order by draw('project', n), n)::int as place from generate_series(1, amount('projects')) as n;
create unique index on sample_tools.lots (place);
analyze sample_tools.lots;
insert into dispatch_project (id, uid, created_at, name, size, public, type, status, creator_id)
select l.id, md5(seed() || ':project:' || n)::uuid, moment('created', n),
  project_name(n),
  file_size(n),
  chance('public', n, 20), case when n % 701 = 20 then one_of('odd type', n, array['4', '99', '-1'])::int when l.place <= amount('planned') then 3
    else one_of('type', n, array['0', '0', '0', '10', '11'])::int end,
  case when n % 5000 = 17 then 2 else 0 end, c.id
from sample_tools.lots l
left join sample_tools.people c on not chance('creatorless', n, 8)
  and c.place = 1 + case when chance('made by patient', n, 5) then amount('staff') + roll('patient creator', n, amount('patient_users'))
    else roll('creator', n, amount('staff')) end
order by l.id;

-- The first plans give each planned project one; the rest are revisions and second plans, a few of them of another instruction.
create function sample_tools.plan_instruction(k bigint) returns int language sql immutable as
$$ select instruction_id(case when k <= amount('instructions_planned') then k
  else 1 + roll('plan instruction', k, amount('instructions_planned')) end) $$;
insert into dispatch_plan (id, instruction_id, project_id, number, name, notes, original)
select gapped(row_number() over (order by draw('plan', k), k)) + 17,
  case when extra and chance('stranger', k, 12) then plan_instruction(amount('planned') + k) else plan_instruction(first) end, l.id,
  roll('plan number', k, 5),
  one_of('plan name', k, array['', 'Plan A', 'Plan B', '案', 'Revision ']), case when chance('plan note', k, 10) then prose('plan', k) end,
  case when extra then chance('original revision', k, 15) else chance('original', k, 92) end
from (select k, k > amount('planned') as extra, case when k <= amount('planned') then k
  else 1 + roll('planned again', k, amount('planned')) end as first
  from generate_series(1, amount('plans')) as k) as plan
join sample_tools.lots l on l.place = first;

-- Status 11 and 12 only. One in a hundred belongs to an instruction without a plan; some instants are equal; ids are not in time order.
insert into dispatch_state (id, status, "on", changed_at, actor_id, instruction_id)
select gapped(row_number() over (order by draw('state', n), n)) + 29, case when n <= amount('holds') then 11 else 12 end, chance('on', n, 60),
  moment('first state', i) + delay(n),
  a.id, instruction_id(i)
from (select n, case when n % 100 = 50 then least(amount('instructions'), amount('instructions_planned') + 1
      + roll('planless', n, amount('instructions') - amount('instructions_planned')))
    else 1 + roll('state instruction', n, greatest(amount('instructions_planned') / 8, 1)) end as i
  from generate_series(1, amount('states')) as n) as state
left join sample_tools.people a on a.place = 1 + roll('actor', n, amount('staff')) and not chance('actorless', n, 10);

insert into dispatch_template (id, task_name, action_name, text_name, function, status, duration,
  predefined, read_only, extensions, alerts, separate, category_id, course_id)
select template_id(t), case when t % 31 = 3 then null when t % 37 = 4 then ' '
  else padded('task', t, one_of('task', t, array['Import scan', 'Segment teeth', 'Plan stages', '印刷', 'Check fit', 'Ship box', 'Invoice'])) end,
  one_of('action', t, array['Start', 'Approve', '', null, 'Send ', 'Import']), one_of('text', t, array['', null, 'See notes']),
  case when t % 29 <> 2 then roll('function', t, 30) end,
  case when t % 23 <> 2 then roll('template status', t, 12) end, case when chance('duration', t, 70) then roll('minutes', t, 500) end,
  chance('predefined', t, 50), chance('read only', t, 10),
  one_of('extensions', t, array['', 'stl', 'stl,obj', null]), null, chance('separate', t, 10),
  one_of('category', t, array['1', '2', '4', '5', '6', '9', '10', null])::int,
  one_of('template course', t, array['1', '1', '2', '3', '4', '7', null])::int
from generate_series(1, amount('templates')) as t;
insert into dispatch_template_predecessors (id, from_template_id, to_template_id)
select gapped(row_number() over (order by t, back)) + 8, template_id(t), template_id(t - back)
from generate_series(2, amount('templates')) as t, generate_series(1, 3) as back where back < t and chance('predecessor' || back, t, 70 / back);
