/** Tables that hold rows of ours or lead to them, and roles that see them: whether they open practices. */
import type { Attack } from "./attack.fixture.ts";

const count = (from: string): string => `select count(*) as rows from ${from}`;

/** A server that leads back to this database, as a role that the worker's policy lets through. */
const THERE_AND_BACK = `create extension postgres_fdw; do $$ begin execute format(
  'create server back foreign data wrapper postgres_fdw options (host %L, port %L, dbname %L)', '127.0.0.1', current_setting('port'), current_database()); end $$;
  create user mapping for public server back options (user 'worker', password_required 'false')`;

export const tables: readonly Attack[] = [
  {
    what: "a table that hands its columns down to ours is refused: its policies hold, not ours",
    make: "create table public.people (first_name text); alter table public.patients inherit public.people; grant select on public.people to $tenant",
    ask: count("public.people"),
    says: /related table public\.people shows .*: run "alter table public\.people enable row level security" or "revoke all on public\.people/,
    undo: "alter table public.patients no inherit public.people; drop table public.people",
  },
  {
    what: "one that inherits from ours is refused",
    make: `create table public.archived () inherits (public.patients); insert into public.archived (id) values ('${"0".repeat(8)}-0000-4000-8000-${"0".repeat(12)}'); grant select on public.archived to $tenant`,
    ask: count("public.archived"),
    says: /related table public\.archived shows/,
    undo: "drop table public.archived",
  },
  {
    what: "one that inherits from ours and lets nobody through is not",
    make: "create table public.archived () inherits (public.patients); alter table public.archived enable row level security; grant select on public.archived to $tenant",
    ask: count("public.archived"),
    undo: "drop table public.archived",
  },
  {
    what: "a table whose rule asks ours is refused",
    make: "create table public.asked (rows bigint); create table public.answers (rows bigint); grant insert on public.asked to $tenant; grant select on public.answers to $tenant; create rule answers as on insert to public.asked do also insert into public.answers select count(*) from public.patients",
    ask: "insert into public.asked values (0); select rows from public.answers",
    says: /table with a rule public\.asked shows public\.patients/,
    undo: "drop table public.asked, public.answers",
  },
  {
    what: "a copy of ours is refused, with what closes it",
    make: "create table public.patients_2025 as select * from public.patients; grant select on public.patients_2025 to $tenant",
    ask: count("public.patients_2025"),
    says: /likely copy public\.patients_2025 shows public\.patients of all practices to [^:]*: drop it, or run "alter table public\.patients_2025 enable row level security" or "revoke all on public\.patients_2025 from public, .*"; or, if/,
    undo: "drop table public.patients_2025",
  },
  {
    what: "a copy of a few columns is refused, in whatever schema tenants may use",
    make: "create schema exports; grant usage on schema exports to $tenant; create table exports.people as select first_name, last_name, date_of_birth from public.patients; grant select (last_name) on exports.people to $tenant",
    ask: count("(select last_name from exports.people) people"),
    says: /likely copy exports\.people shows public\.patients of all practices/,
    undo: "drop schema exports cascade",
  },
  {
    what: "a copy whose policy lets everything through is refused",
    make: "create table public.old_states as select * from public.case_states; alter table public.old_states enable row level security; create policy anything on public.old_states for select to $tenant using (true); grant select on public.old_states to $tenant",
    ask: count("public.old_states"),
    says: /likely copy public\.old_states shows public\.case_states/,
    undo: "drop table public.old_states",
  },
  {
    what: "a copy that lets nobody through is not",
    make: "create table public.old_cases as select * from public.cases; alter table public.old_cases enable row level security; grant select on public.old_cases to $tenant",
    ask: count("public.old_cases"),
    undo: "drop table public.old_cases",
  },
  {
    what: "a copy in a schema that no tenant may use is not",
    make: "create schema hidden; create table hidden.old_cases as select * from public.cases; grant select on hidden.old_cases to $tenant",
    ask: count("hidden.old_cases"),
    undo: "drop schema hidden cascade",
  },
  {
    what: "a foreign table that leads back to ours is refused, for which there is only revoking",
    by: "superuser",
    make: `${THERE_AND_BACK}; create foreign table public.far (first_name text) server back options (schema_name 'public', table_name 'patients'); grant select on public.far to $tenant`,
    ask: count("public.far"),
    says: /foreign table public\.far shows public\.patients of all practices to [^:]*: run "revoke all on public\.far from public, /,
    undo: "drop extension postgres_fdw cascade",
  },
  {
    what: "a foreign table that no tenant may read is not",
    by: "superuser",
    make: `${THERE_AND_BACK}; create foreign table public.patients_there (first_name text) server back options (table_name 'patients')`,
    ask: count("public.patients_there"),
    undo: "drop extension postgres_fdw cascade",
  },
  {
    what: "a tenants' role that row level security does not bind is refused",
    by: "superuser",
    make: "alter role $tenant bypassrls",
    ask: count("public.patients"),
    says: /role \w+ sees the rows of all practices: have a superuser run "alter role \w+ nosuperuser nobypassrls"/,
    undo: "do $$ begin if to_regrole('authenticated') is null then alter role nexus_tenant nobypassrls; else alter role authenticated nobypassrls; end if; end $$",
  },
  {
    what: "a tenants' role that may become one whom it does not bind is refused",
    by: "superuser",
    make: "create role boss bypassrls; grant select on public.patients to boss; grant boss to $tenant",
    ask: `set local role boss; ${count("public.patients")}`,
    says: /role \w+ may become boss, who sees the rows of all practices: run "revoke boss from \w+"/,
    undo: "drop owned by boss; drop role boss",
  },
];
