-- auth_user, alike in both shapes: 86 % blank e-mails, shared addresses (up to 11 on one), malformed ones, the word null, mixed case;
-- 19 % of the doctors are test accounts; 12 % are inactive and still referred to.
create function sample_tools.address(n bigint, mailbox int) returns text language sql immutable as $$
  select case
    when mailbox > amount('mailboxes') then ''
    when mailbox <= least(11, amount('shared_rows'))
      or (mailbox <= amount('shared_rows') and amount('shared_addresses') = 1) then 'front.desk1@clinic.example'
    when mailbox <= amount('shared_rows') then 'front.desk' || 2 + (mailbox - 12) % (amount('shared_addresses') - 1) || '@clinic.example'
    when mailbox % 31 = 7 then one_of('malformed', n, array['null', 'NULL', 'none', 'no at sign', 'two@@clinic.example', 'a b@clinic.example', '@', 'nobody@'])
    when mailbox % 7 = 3 then 'User.' || n || '@Clinic.EXAMPLE'
    else padded('e-mail', n, 'user' || n || '@clinic.example') end $$;

insert into auth_user (id, password, last_login, is_superuser, username, first_name, last_name, email, is_staff, is_active, date_joined)
select id, '!' || md5('password' || person), case when chance('logged in', person, 45) then moment('last login', person) end,
  kind(place) = 'admin' and chance('superuser', person, 30),
  case when kind(place) = 'doctor' and chance('test account', place, 19) then 'test.doctor' || person else kind(place) || '.' || person end,
  case when kind(place) = 'doctor' and chance('test account', place, 19) then 'Test' when chance('nameless', person, 2) then ''
    else first_name(person) end,
  case when chance('nameless', person, 2) then '' else last_name(person) end,
  address(person, mailbox), kind(place) in ('technician', 'admin'), not chance('inactive', person, 12), moment('joined', person)
from sample_tools.people order by id;
