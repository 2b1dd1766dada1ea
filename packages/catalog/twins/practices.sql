-- Dental offices (MAPPING.md, practices). All are loaded, invalid ones too.
-- raw dispatch_office (id bigint, name text, address text, apt text, city text, state text, zip text,
--   country text, phone text, email varchar, valid boolean, created_at timestamptz,
--   updated_at timestamptz) where id in keys

with
-- Each office with its reason not to be loaded.
judged as (
  select o.*, pg_temp.unreadable(o.id, o.unfit, o.garbled) as reason
  from raw_dispatch_office o)
select o.id as source_key, o.id as legacy_key, pg_temp.outcome(o.reason) as outcome, o.reason,
  case when o.reason is null then pg_temp.noted(array_remove(array[
    case when 'created_at' = any(o.undated) then 'date_invalid:created_at' end,
    case when 'updated_at' = any(o.undated) then 'date_invalid:updated_at' end,
    case when pg_temp.out_of_range(o.created_at) then 'date_out_of_range:created_at' end,
    case when pg_temp.out_of_range(o.updated_at) then 'date_out_of_range:updated_at' end,
    case when pg_temp.no_mail(o.email) then 'email_invalid:email' end,
    case when pg_temp.trimmed(o.name) is null then 'name_missing:name' end], null), o.noted)
    else '{}' end as notes,
  o.writer as since,
  case when o.reason is null then o.id::integer end as legacy_id,
  coalesce(pg_temp.trimmed(o.name), 'Practice ' || o.id) as name,
  nullif(concat_ws(', ', pg_temp.trimmed(o.address), pg_temp.trimmed(o.apt), pg_temp.trimmed(o.city),
    nullif(concat_ws(' ', pg_temp.trimmed(o.state), pg_temp.trimmed(o.zip)), ''),
    pg_temp.trimmed(o.country)), '') as address,
  pg_temp.trimmed(o.phone) as phone,
  pg_temp.mail(o.email) as email,
  coalesce(o.valid, true) as is_active,
  pg_temp.instant(o.created_at) as created_at,
  coalesce(pg_temp.instant(o.updated_at), pg_temp.instant(o.created_at)) as updated_at
from judged o
