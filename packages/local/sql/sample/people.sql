-- Everyone's place by lot: doctors first, then technicians, administrators, patients. The place for e-mail is another lot.
create function sample_tools.kind(place int) returns text language sql immutable as
$$ select case when place <= amount('doctors') then 'doctor'
     when place <= amount('doctors') + amount('technicians') then 'technician'
     when place <= amount('staff') then 'admin' else 'patient' end $$;
create table sample_tools.people as
select person, gapped(person) as id, row_number() over (order by draw('person', person), person)::int as place,
  row_number() over (order by draw('mailbox', person), person)::int as mailbox
from generate_series(1, amount('users')) as person;
create unique index on sample_tools.people (place);
analyze sample_tools.people;
