-- What goes on in the reported shape. Here the key of a target project is its integer uid.
with gone as (delete from dispatch_state where id in (select min(id) from dispatch_state group by project_id having count(*) = 1
    order by draw('state gone', min(id)) limit few((select count(*) from dispatch_state))) returning id)
insert into sample_tools.changes select 'case_states', 'deleted', id from gone;
with gone as (delete from dispatch_project
  where id in (select id from dispatch_project j where patient_id is null and not exists (select from dispatch_state where project_id = j.id)
    order by draw('project gone', id) limit few((select count(*) from dispatch_project))) returning id, uid)
insert into sample_tools.changes select entity, 'deleted', key from gone, lateral (values ('cases', id), ('projects', uid)) as row (entity, key);
with gone as (delete from dispatch_template
  where id in (select id from dispatch_template order by draw('template gone', id) limit few((select count(*) from dispatch_template))) returning id)
insert into sample_tools.changes select 'workflow_templates', 'deleted', id from gone;

insert into sample_tools.changes select 'patients', 'updated',
  id from dispatch_patient where user_id in (select id from sample_tools.renamed) and last_name = '';
with done as (update dispatch_patient set phone = other(phone, id), updated_at = moment('patient updated', id)
  where id in (select id from dispatch_patient order by draw('phone', id) limit part((select count(*) from dispatch_patient))) returning id)
insert into sample_tools.changes select 'patients', 'updated', id from done;
with done as (update dispatch_project set name = other(name, id)
  where id in (select id from dispatch_project order by draw('new title', id) limit part((select count(*) from dispatch_project))) returning id, uid)
insert into sample_tools.changes select entity, 'updated', key from done, lateral (values ('cases', id), ('projects', uid)) as row (entity, key);
with done as (update dispatch_state set actor_id = case when actor_id is null then (select min(id) from auth_user) end
  where id in (select id from dispatch_state order by draw('new actor', id) limit part((select count(*) from dispatch_state))) returning id)
insert into sample_tools.changes select 'case_states', 'updated', id from done;
with done as (update dispatch_template set task_name = other(task_name, id)
  where id in (select id from dispatch_template order by draw('longer', id) limit part((select count(*) from dispatch_template))) returning id)
insert into sample_tools.changes select 'workflow_templates', 'updated', id from done;

insert into dispatch_office (id, name) select office, 'New Office ' || office from sample_tools.newcomers;
insert into dispatch_office_doctors (id, office_id, user_id) select link, office, doctor from sample_tools.newcomers;
insert into dispatch_patient (id, user_id, first_name, last_name) select patient, person, 'New', 'Comer' from sample_tools.newcomers;
insert into dispatch_project (id, uid, patient_id, name, type, status, creator_id)
select project, 2000000000 + project, patient, '', '3', '0', doctor from sample_tools.newcomers;
insert into dispatch_state (id, project_id, status, changed_at) select state, project, '11', moment('newcomer', state) from sample_tools.newcomers;
insert into dispatch_template (id, task_name, function) select template, 'New task', 'plan' from sample_tools.newcomers;
insert into sample_tools.changes select 'projects', 'inserted', 2000000000 + project from sample_tools.newcomers;
