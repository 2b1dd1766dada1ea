-- The shape that the stakeholder report describes (legacy-schema-reported.sql): direct links, codes as text, an integer uid.
insert into dispatch_office (id, name, address, phone, email, created_at, updated_at)
select office_id(o), case when o % 43 = 5 then one_of('blank name', o, array['', '  ', chr(12288)])
    else padded('office', o, one_of('office', o, array['Smile Dental ', 'さくら歯科 ', 'Orchid Clinic ', 'Zahnärzte am Markt ']) || o) end,
  padded('street', o, 1 + roll('house', o, 900) || one_of('street', o, array[' Main Street', ' MG Road', '-3 銀座', ' Sukhumvit Rd'])), phone(o),
  case when chance('mail null', o, 10) then null when o % 19 = 4 then one_of('malformed', o, array['null', 'x@', 'nobody', ''])
    else padded('office mail', o, 'Office' || o || '@Clinic.example') end,
  case when not chance('undated', o, 10) then moment('opened', o) end, case when not chance('not updated', o, 10) then moment('office updated', o) end
from generate_series(1, amount('offices')) as o;

insert into dispatch_office_doctors (id, office_id, user_id)
select gapped(k) + 6, office_id(1 + (k - 1) / 2 * (amount('offices') / ((amount('links') + 1) / 2))), d.id
from generate_series(1, amount('links')) as k
join sample_tools.people d on d.place = 1 + (roll('member', (k - 1) / 2, amount('members')) + k % 2) % amount('members');

insert into dispatch_patient (id, user_id, first_name, last_name, date_of_birth, phone, email, created_at, updated_at)
select patient_id(n), u.id, case when chance('own name blank', n, 5) then '' else first_name(n + 7) end,
  case when chance('own name blank', n, 5) then '' else last_name(n + 7) end,
  born(n),
  phone(n), case when chance('no mail', n, 60) then one_of('no mail', n, array['', null, ' ']) when n % 31 = 7 then 'null' else 'Patient' || n
    || '@clinic.example' end,
  case when not chance('undated', n, 10) then moment('submitted', n) end, case when not chance('not updated', n, 10) then moment('updated', n) end
from generate_series(1, amount('patients')) as n
left join sample_tools.people u on u.place = amount('staff') + 1 + (n - 1) % amount('patient_users') and not chance('userless', n, 4);

insert into dispatch_project (id, uid, patient_id, office_id, name, type, status, size, creator_id, created_at, updated_at)
select project_id(n), project_id(n) * 7 + 13,
  case when not chance('patientless', n, 12) then patient_id(1 + roll('project patient', n, amount('patients'))) end,
  case when not chance('project officeless', n, 40) then office_id(1 + roll('project office', n, amount('offices'))) end,
  project_name(n),
  case when n % 701 = 20 then 'mystery' when n % 53 = 1 then one_of('label', n, array['Treatment Plan', 'aligner-design', 'XRAY', 'scan '])
    else one_of('type', n, array['3', '3', '3', '0', '0', '10', '11']) end,
  case when n % 503 = 17 then 'lost' when n % 59 = 2 then one_of('status label', n, array['Approved', 'in progress', 'archived'])
    else one_of('status', n, array['0', '0', '0', '1', '2']) end,
  case when not chance('sizeless', n, 2) then file_size(n) end,
  c.id, case when not chance('undated', n, 2) then moment('created', n) end,
  case when not chance('not updated', n, 10) then moment('project updated', n) end
from generate_series(1, amount('projects')) as n
left join sample_tools.people c on c.place = 1 + roll('creator', n, amount('staff')) and not chance('creatorless', n, 8) order by 1;

insert into dispatch_state (id, project_id, status, actor_id, changed_at)
select gapped(row_number() over (order by draw('state', n), n)) + 29, project_id(p),
  case when n % 211 = 6 then 'unheard of' when n % 7 = 1 then one_of('state label', n, array['approved', 'In Production', 'shipped', 'on-hold'])
    when n <= amount('holds') then '11' else '12' end,
  a.id, moment('first state', p) + delay(n)
from (select n, 1 + roll('state project', n, greatest(amount('projects') / 25, 1)) as p from generate_series(1, amount('states')) as n) as state
left join sample_tools.people a on a.place = 1 + roll('actor', n, amount('staff')) and not chance('actorless', n, 10);

insert into dispatch_template (id, office_id, task_name, function)
select template_id(t), case when chance('own template', t, 60) then office_id(1 + roll('template office', t, amount('offices'))) end,
  case when t % 37 = 4 then ' '
    else padded('task', t, one_of('task', t, array['Import scan', 'Segment teeth', 'Plan stages', '印刷', 'Check fit', 'Ship box'])) end,
  one_of('function', t, array['import', 'segment', '', '7', 'plan ', 'ship'])
from generate_series(1, amount('templates')) as t;
