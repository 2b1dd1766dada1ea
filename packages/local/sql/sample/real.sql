-- The shape believed to be real (legacy-schema.sql). Rare dirt comes every so many rows, so that a small sample has it too.
insert into auth_group (id, name) values (1, 'Patient'), (2, 'Doctor'), (4, 'Administrator'), (5, 'Master'), (11, 'Technician');
insert into dispatch_course (id, name, type, customization) values (1, 'Main', 0, ''), (2, 'Refinement', 1, ''), (3, 'Replacement', 2, ''),
  (4, 'Any', 3, ''), (7, 'Invoice', null, ''), (8, 'Merchandise', null, '');
insert into dispatch_category (id, name, parent_id) values (1, 'Planning', null), (2, 'Scanning', 1), (4, ' Production ', null), (5, 'Printing', 4),
  (6, 'Quality', 4), (9, '出荷', null), (10, '', 9), (12, 'Billing', null);

-- Several groups for some: a plain join multiplies users.
insert into auth_user_groups (id, user_id, group_id)
select gapped(row_number() over (order by draw('membership', user_id * 100::bigint + group_id))), user_id, group_id from (
  select id as user_id, case kind(place) when 'doctor' then 2 when 'technician' then 11 when 'admin' then 4 else 1 end as group_id
  from sample_tools.people where not chance('groupless', person, 3)
  union select id, 1 from sample_tools.people where kind(place) = 'doctor' and chance('patient too', person, 5)
  union select id, 5 from sample_tools.people where kind(place) in ('doctor', 'admin') and chance('master too', person, 4)
  union select id, 2 from sample_tools.people where kind(place) in ('technician', 'admin') and chance('doctor too', person, 20)) as membership;

insert into dispatch_usersetting (id, user_id, emails, require_2fa)
select gapped(person) + 2, id, chance('emails', person, 70),
  case when chance('2fa', person, 30) then false end from sample_tools.people where chance('setting', person, 40);
insert into dispatch_doctorsetting (id, user_id, clinical_preferences, sq_customer_id, promised_payment, credit, company_account)
select gapped(person) + 4, id, remark('preference', person), case when chance('customer', person, 40) then 'cust-' || md5('customer' || person) end,
  chance('promised', person, 10),
  roll('credit', person, 90000) / 100.0,
  chance('company', person, 5) from sample_tools.people where kind(place) = 'doctor' and chance('doctor setting', person, 85);

insert into dispatch_office (id, name, address, apt, city, state, zip, country, phone, tax_rate, valid, sq_customer_id, emails, doctor_id)
select office_id(o), case when o % 41 = 7 then null when o % 43 = 5 then one_of('blank name', o, array['', '  ', chr(12288)])
    else padded('office', o, one_of('office', o, array['Smile Dental ', 'さくら歯科 ', 'Orchid Clinic ',
      'Bright Orthodontics ', 'Zahnärzte am Markt ', '大阪矯正歯科 ']) || o) end,
  padded('street', o, 1 + roll('house', o, 900) || one_of('street', o, array[' Main Street', ' MG Road', '-3 銀座', ' Sukhumvit Rd', ' Elm Ave'])),
  one_of('apt', o, array['', '', '', 'Suite 4', '2F', null]), one_of('city', o, array['Austin', 'Mumbai', '東京都', 'Bangkok', ' Portland', '']),
  one_of('state', o, array['TX', 'MH', '', null, 'OR ', 'CA']), one_of('zip', o, array['78701', '400001', '104-0061', '10110', '', null]),
  one_of('country', o, array['USA', 'USA', 'India', 'Japan', 'Thailand', ' usa', '', null]), phone(o),
  one_of('tax', o, array['0', '10.2500', '8.2500', '7'])::numeric,
  case when chance('valid null', o, 3) then null else not chance('invalid', o, 40.2) end,
  case when chance('office customer', o, 30) then 'cust-' || md5('office' || o) end,
  chance('office emails', o, 60), d.id
from generate_series(1, amount('offices')) as o
left join sample_tools.people d on d.place = 1 + roll('owner', o, amount('doctors')) and not chance('ownerless', o, 25);

-- Two doctors an office; some doctors turn up in several offices, most in none.
insert into dispatch_office_doctors (id, office_id, user_id)
select gapped(k) + 6, office_id(1 + (k - 1) / 2 * (amount('offices') / ((amount('links') + 1) / 2))), d.id
from generate_series(1, amount('links')) as k
join sample_tools.people d on d.place = 1 + (roll('member', (k - 1) / 2, amount('members')) + k % 2) % amount('members');
update dispatch_office o set doctor_id = d.user_id from (select office_id, min(user_id) as user_id from dispatch_office_doctors group by 1) d
where d.office_id = o.id and chance('member owns', o.id, 60);

create function sample_tools.schemes(n bigint) returns text language sql immutable as $$
  select case when n % 67 = 3 then one_of('bad json', n, array['{', '{"stage": 1', 'not json', '{''a'': 1}',
      '[1, 2,]', '{"a": NaN}', 'undefined', '{"a":"\u0000"}', '"\ud800"'])
    when n % 71 = 5 then '{"price": 12345678901234567890.123456789012345, "tiny": 1e-30, "huge": 1e400}'
    when n % 73 = 6 then '{"upper": null, "lower": {"stage": null, "note": "上顎"}, "list": [null, 1]}'
    when n % 79 = 8 then one_of('odd json', n, array['null', '[]', '{}', ' ', '0', '"text"', '{"a":1,"a":2}',
      E'\n{"a": {"b": {"c": {"d": [1, {"e": "深い"}]}}}}\n'])
    when chance('schemes', n, 45) then '{"upper": {"stages": ' || roll('upper', n, 40) || ', "ipr": 0.' || roll('ipr', n, 9)
      || '0}, "lower": {"stages": ' || roll('lower', n, 40)
      || '}, "comment": ' || to_json(prose('scheme', n))::text || ', "teeth": [11, 12, ' || 13 + roll('tooth', n, 35) || ']}'
    else '' end $$;
insert into dispatch_patient (id, user_id, doctor_id, office_id, birthdate, sex, status, archived, suspended, submitted_at, updated_at, suffix, schemes)
select patient_id(n), u.id, d.id, case when not chance('officeless', n, 5) then office_id(1 + roll('office', n, amount('offices'))) end, born(n),
  case when not chance('sexless', n, 8) then 1 + roll('sex', n, 2) end,
  case when not chance('statusless', n, 5) then roll('patient status', n, 6) end,
  chance('archived', n, 10), chance('suspended', n, 2), case when not chance('not submitted', n, 12) then moment('submitted', n) end,
  case when not chance('not updated', n, 5) then moment('updated', n) end,
  case when chance('suffix', n, 12) then one_of('suffix', n, array['A', 'B', 'Jr.', ' II', ' ', '二']) else '' end, schemes(n)
from generate_series(1, amount('patients')) as n
join sample_tools.people u on u.place = amount('staff') + 1 + case when n % 199 = 8 then roll('shared user', n, amount('patient_users'))
  else (n - 1) % amount('patient_users') end
left join sample_tools.people d on d.place = 1 + roll('doctor', n, amount('doctors')) and not chance('doctorless', n, 6);
