/** What somebody may put over our tables, and whether it opens practices. */
import type { Attack } from "./attack.fixture.ts";
import { tables } from "./openings-by-tables.fixture.ts";

const count = (from: string): string => `select count(*) as rows from ${from}`;

const views: readonly Attack[] = [
  {
    what: "a view of the owner, granted to tenants, is refused with what closes it",
    make: "create view public.patient_list as select first_name, practice_id from public.patients; grant select on public.patient_list to $tenant",
    ask: count("public.patient_list"),
    says: /view public\.patient_list shows public\.patients of all practices to .*: run "alter view public\.patient_list set \(security_invoker = true\)" or "revoke all on public\.patient_list from public, /,
    undo: "drop view public.patient_list",
  },
  {
    what: "a view that reads as whoever asks is not",
    make: "create view public.patient_list with (security_invoker = yes) as select * from public.patients; grant select on public.patient_list to $tenant",
    ask: count("public.patient_list"),
    undo: "drop view public.patient_list",
  },
  {
    what: "a view that no tenant may read is not",
    make: "create view public.patient_list as select * from public.patients; revoke all on public.patient_list from public, $tenant; do $$ begin if to_regrole('anon') is not null then revoke all on public.patient_list from anon; end if; end $$",
    ask: count("public.patient_list"),
    undo: "drop view public.patient_list",
  },
  {
    what: "a view in a schema that no tenant may use is not",
    make: "create schema hidden; create view hidden.patient_list as select * from public.patients; grant select on hidden.patient_list to $tenant",
    ask: count("hidden.patient_list"),
    undo: "drop schema hidden cascade",
  },
  {
    what: "a view over that one is refused, though it reads as whoever asks no further",
    make: "create schema hidden; create view hidden.patient_list as select * from public.patients; create view public.everyone as select * from hidden.patient_list; grant select on public.everyone to $tenant",
    ask: count("public.everyone"),
    says: /view public\.everyone shows public\.patients/,
    undo: "drop schema hidden cascade",
  },
  {
    what: "a view of the owner over one that reads as whoever asks is not",
    make: "create view public.inner_list with (security_invoker) as select * from public.patients; create view public.outer_list as select * from public.inner_list; grant select on public.outer_list, public.inner_list to $tenant",
    ask: count("public.outer_list"),
    undo: "drop view public.inner_list cascade",
  },
  {
    what: "a view of which one column is granted is refused",
    make: "create schema other; grant usage on schema other to $tenant; create view other.names as select first_name from public.patients; grant select (first_name) on other.names to $tenant",
    ask: count("(select first_name from other.names) names"),
    says: /view other\.names shows public\.patients/,
    undo: "drop schema other cascade",
  },
  {
    what: "a view of a superuser, granted to everybody, is refused",
    by: "superuser",
    make: "create view public.patient_list as select * from public.patients; grant select on public.patient_list to public",
    ask: count("public.patient_list"),
    says: /view public\.patient_list shows public\.patients of all practices to everybody/,
    undo: "drop view public.patient_list",
  },
  {
    what: "a view of a role that sees nothing itself is not",
    by: "superuser",
    make: "create role clerk; grant usage, create on schema public to clerk; grant select on public.patients to clerk; set role clerk; create view public.clerks as select * from public.patients; grant select on public.clerks to $tenant; reset role",
    ask: count("public.clerks"),
    undo: "drop owned by clerk cascade; drop role clerk",
  },
  {
    what: "a view of a member of the owner's role, whom the worker's policy lets through, is refused",
    by: "superuser",
    make: "create role deputy; grant worker to deputy; grant usage, create on schema public to deputy; set role deputy; create view public.deputies as select * from public.patients; grant select on public.deputies to $tenant; reset role",
    ask: count("public.deputies"),
    says: /view public\.deputies shows public\.patients/,
    undo: "drop owned by deputy cascade; drop role deputy",
  },
  {
    what: "a materialized view is refused, for which there is only revoking",
    make: "create materialized view public.copied as select * from public.patients; grant select on public.copied to $tenant",
    ask: count("public.copied"),
    says: /materialized view public\.copied shows public\.patients of all practices to .*: run "revoke all on public\.copied from public, /,
    undo: "drop materialized view public.copied",
  },
  {
    what: "a materialized view over a view that reads as whoever asks is refused: its owner asked",
    make: "create view public.inner_list with (security_invoker) as select * from public.patients; create materialized view public.copied as select * from public.inner_list; grant select on public.copied to $tenant",
    ask: count("public.copied"),
    says: /materialized view public\.copied shows public\.patients/,
    undo: "drop view public.inner_list cascade",
  },
  {
    what: "a view over the ledger is refused",
    make: "insert into migration.settings values ('x', 'y'); create view public.peek as select * from migration.settings; grant select on public.peek to $tenant",
    ask: count("public.peek"),
    says: /view public\.peek shows migration\.settings/,
    undo: "drop view public.peek; delete from migration.settings where name = 'x'",
  },
];

const functions: readonly Attack[] = [
  {
    what: "a function that runs as the owner is refused, with what closes it",
    make: "create function public.everyone() returns setof public.patients language sql security definer as 'select * from public.patients'; grant execute on function public.everyone() to $tenant",
    ask: count("public.everyone()"),
    says: /function public\.everyone\(\) shows public\.patients of all practices to everybody, .*: run "alter routine public\.everyone\(\) security invoker" or "revoke all on routine public\.everyone\(\) from public, .*"; or, if it shows each caller only what is theirs: "insert into migration\.settings values \('reviewed function public\.everyone\(\)', '\w{32}'\)/,
    undo: "drop function public.everyone()",
  },
  {
    what: "a function whose body PostgreSQL has parsed is refused",
    make: "create function public.everyone() returns setof public.patients language sql security definer begin atomic select * from public.patients; end",
    ask: count("public.everyone()"),
    says: /function public\.everyone\(\) shows public\.patients/,
    undo: "drop function public.everyone()",
  },
  {
    what: "a function in PL/pgSQL that finds its table by its search path is refused",
    make: `create function public.everyone() returns bigint language plpgsql security definer set search_path = public as $$ begin return (select count(*) from "patients"); end $$`,
    ask: "select public.everyone() as rows",
    says: /function public\.everyone\(\) shows public\.patients/,
    undo: "drop function public.everyone()",
  },
  {
    what: "a function that runs any statement is refused",
    make: "create function public.exec_sql(query text) returns bigint language plpgsql security definer as $$ declare n bigint; begin execute query into n; return n; end $$",
    ask: "select public.exec_sql('select count(*) from public.pat' || 'ients') as rows",
    says: /function public\.exec_sql\(text\) shows .* and \d+ more of all practices/,
    undo: "drop function public.exec_sql",
  },
  {
    what: "a function that spells its table in escapes is refused",
    make: String.raw`create function public.everyone() returns bigint language sql security definer as $$ select count(*) from public.U&"p\0061tients" $$`,
    ask: "select public.everyone() as rows",
    says: /function public\.everyone\(\) shows/,
    undo: "drop function public.everyone()",
  },
  {
    what: "a function that calls another one, or asks a view, is refused",
    make: "create schema hidden; create function hidden.deep() returns bigint language sql as 'select count(*) from public.patients'; create function public.shallow() returns bigint language sql security definer as 'select hidden.deep()'",
    ask: "select public.shallow() as rows",
    says: /function public\.shallow\(\) shows public\.patients/,
    undo: "drop schema hidden cascade; drop function public.shallow()",
  },
  {
    what: "a view that calls such a function in a schema that no tenant may use is refused",
    make: "create schema hidden; create function hidden.everyone() returns setof public.patients language sql security definer as 'select * from public.patients'; create view public.lists with (security_invoker) as select * from hidden.everyone(); grant select on public.lists to $tenant",
    ask: count("public.lists"),
    says: /view public\.lists shows public\.patients/,
    undo: "drop schema hidden cascade",
  },
  {
    what: "a function that runs as whoever calls it is not",
    make: "create function public.mine() returns setof public.patients language sql as 'select * from public.patients'",
    ask: count("public.mine()"),
    undo: "drop function public.mine()",
  },
  {
    what: "a function as the owner in a schema that no tenant may use is not: policies may call it",
    make: "create schema hidden; create function hidden.mine() returns setof public.patients language sql security definer as 'select * from public.patients'",
    ask: count("hidden.mine()"),
    undo: "drop schema hidden cascade",
  },
  {
    what: "a function as the owner that reads none of our tables is not",
    make: "create function public.now_there() returns timestamptz language sql security definer as 'select now()'",
    ask: "select 0 as rows where public.now_there() is null",
    undo: "drop function public.now_there()",
  },
  {
    what: "a trigger as the owner on a table that tenants write is refused",
    make: "create table public.asked (name text); grant select, insert on public.asked to $tenant; create function public.answer() returns trigger language plpgsql security definer as $$ begin new.name := (select count(*) from public.patients); return new; end $$; create trigger answers before insert on public.asked for each row execute function public.answer()",
    ask: "insert into public.asked values ('') returning name::bigint as rows",
    says: /trigger function public\.answer\(\) shows public\.patients/,
    undo: "drop table public.asked; drop function public.answer()",
  },
];

export const attacks: readonly Attack[] = [...views, ...functions, ...tables];
