-- What goes on in the real shape. Deletions come first, so that nothing is both changed and gone.
with gone as (delete from dispatch_state where id in (select min(id) from dispatch_state group by instruction_id having count(*) = 1
    order by draw('state gone', min(id)) limit few((select count(*) from dispatch_state))) returning id)
insert into sample_tools.changes select 'case_states', 'deleted', id from gone;
with gone as (delete from dispatch_project
  where id in (select id from dispatch_project j where not exists (select from dispatch_plan where project_id = j.id)
    order by draw('project gone', id) limit few((select count(*) from dispatch_project))) returning id)
insert into sample_tools.changes select entity, 'deleted', id from gone, unnest(array['cases', 'projects']) as entity;
with gone as (delete from dispatch_template where id in (select id from dispatch_template t
    where not exists (select from dispatch_template_predecessors where t.id in (from_template_id, to_template_id))
    order by draw('template gone', id) limit few((select count(*) from dispatch_template))) returning id)
insert into sample_tools.changes select 'workflow_templates', 'deleted', id from gone;

insert into sample_tools.changes select 'patients', 'updated', id from dispatch_patient where user_id in (select id from sample_tools.renamed);
with done as (update dispatch_patient set suffix = other(suffix, id), updated_at = moment('patient updated', id)
  where id in (select id from dispatch_patient order by draw('suffix', id) limit part((select count(*) from dispatch_patient))) returning id)
insert into sample_tools.changes select 'patients', 'updated', id from done;

with done as (update dispatch_project set name = other(name, id)
  where id in (select id from dispatch_project order by draw('new title', id) limit part((select count(*) from dispatch_project))) returning id)
insert into sample_tools.changes select entity, 'updated', id from done, unnest(array['cases', 'projects']) as entity;

-- A note on an order shows on each case whose only plan is of that order.
create table sample_tools.sole as select instruction_id, project_id from dispatch_plan l
where not exists (select from dispatch_plan where project_id = l.project_id and id <> l.id)
  and not exists (select from dispatch_plan a join dispatch_plan b on b.project_id = a.project_id and b.id <> a.id
    where a.instruction_id = l.instruction_id);
with done as (update dispatch_instruction set notes = other(notes, id) where id in (select instruction_id from sample_tools.sole group by 1
    order by draw('new note', instruction_id) limit part((select count(*) from dispatch_instruction))) returning id)
insert into sample_tools.changes select 'cases', 'updated', s.project_id from sample_tools.sole s join done d on d.id = s.instruction_id;

with done as (update dispatch_state set actor_id = case when actor_id is null then (select min(id) from auth_user) end
  where id in (select s.id from dispatch_state s where s.instruction_id in (select instruction_id from sample_tools.sole)
    order by draw('new actor', s.id) limit part((select count(*) from dispatch_state))) returning id)
insert into sample_tools.changes select 'case_states', 'updated', id from done;
with done as (update dispatch_template set duration = coalesce(duration, 0) + 1
  where id in (select id from dispatch_template order by draw('longer', id) limit part((select count(*) from dispatch_template))) returning id)
insert into sample_tools.changes select 'workflow_templates', 'updated', id from done;

insert into dispatch_office (id, name, tax_rate, valid, emails) select office, 'New Office ' || office, 0, true, false from sample_tools.newcomers;
insert into auth_user_groups (user_id, group_id) select doctor, 2 from sample_tools.newcomers union all select person, 1 from sample_tools.newcomers;
insert into dispatch_office_doctors (id, office_id, user_id) select link, office, doctor from sample_tools.newcomers;
insert into dispatch_patient (id, user_id, doctor_id, archived, suspended, suffix, schemes) select patient, person, doctor, false, false, '',
  '' from sample_tools.newcomers;
insert into dispatch_project (id, uid, created_at, name, size, public, type, status, creator_id)
select project, md5('newcomer' || project)::uuid, moment('newcomer', project), '', 1, false, 3, 0, doctor from sample_tools.newcomers;
with ordered as (insert into dispatch_instruction (patient_id, course_id, status, notes, deleted) select patient, 1, 0, 'New order.', false
  from sample_tools.newcomers returning id, patient_id),
  planned as (insert into dispatch_plan (instruction_id, project_id, name, original) select o.id, n.project, '', true from ordered o
    join sample_tools.newcomers n on n.patient = o.patient_id)
insert into dispatch_state (id, status, "on", changed_at, instruction_id) select n.state, 11, true, moment('newcomer', n.state),
  o.id from ordered o join sample_tools.newcomers n on n.patient = o.patient_id;
insert into dispatch_template (id, task_name, predefined, read_only) select template, 'New task', false, false from sample_tools.newcomers;
insert into sample_tools.changes select 'projects', 'inserted', project from sample_tools.newcomers;
