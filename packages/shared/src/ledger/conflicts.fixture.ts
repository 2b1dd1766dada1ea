/** Targets that have tables of their own which a migration cannot extend. */
/** A table of a target that stands in the way, and what is said of it. */
export interface Conflict {
  readonly what: string;
  readonly setup: string;
  readonly message: RegExp;
}

/** One of each kind. */
export function conflicts(): readonly Conflict[] {
  return [...ofColumns(), ...ofTypes(), ...ofRows(), ...ofKeys(), ...ofSchemas()];
}

function ofColumns(): readonly Conflict[] {
  const practices = (columns: string): string =>
    `create table public.practices (id uuid primary key, ${columns})`;
  return [
    {
      what: "a column of another type",
      setup: practices("legacy_id text"),
      message: /legacy_id is text/,
    },
    {
      what: "text that is too short for a label",
      setup: "create table public.cases (id uuid primary key, case_type varchar(12))",
      message:
        /case_type is character varying\(12\): change its type to text or public\.case_type_enum/,
    },
    {
      what: "text whose check refuses a label",
      setup: `create table public.cases (id uuid primary key,
                case_type text constraint known check (case_type in ('initial_consultation', 'treatment_planning', 'refinement', 'retention', 'emergency')))`,
      message:
        /check known of public\.cases refuses active_treatment, follow_up, which are values of case_type/,
    },
    {
      what: "a column of ours that is generated",
      setup: practices("name text not null, phone text generated always as (name || '!') stored"),
      message:
        /practices\.phone is generated.*run "alter table public\.practices alter column phone drop expression"/,
    },
    {
      what: "a legacy key that numbers itself",
      setup: practices("legacy_id integer generated always as identity"),
      message: /legacy_id is generated.*alter column legacy_id drop identity/,
    },
    {
      what: "a column that nobody fills",
      setup: practices("slug text not null"),
      message: /slug is NOT NULL without a default/,
    },
    {
      what: "a column that may not be empty",
      setup: "create table public.cases (id uuid primary key, practice_id uuid not null)",
      message: /drop not null/,
    },
  ];
}

function ofTypes(): readonly Conflict[] {
  return [
    {
      what: "an id that is not a uuid",
      setup: "create table public.practices (id serial primary key)",
      message: /practices\.id is integer/,
    },
    {
      what: "a view of that name",
      setup: "create view public.practices as select 1 as id",
      message: /not an ordinary table/,
    },
    {
      what: "a type of that name",
      setup: "create domain public.case_type_enum as text",
      message: /is not an enum/,
    },
  ];
}

function ofRows(): readonly Conflict[] {
  return [
    {
      what: "values that repeat",
      setup: `create table public.practices (id uuid primary key, legacy_id integer);
              insert into public.practices select gen_random_uuid(), 7 from generate_series(1, 2)`,
      message: /practices \(legacy_id\) must be unique/,
    },
    {
      what: "rows without a value",
      setup: `create table public.practices (id uuid primary key, name text);
              insert into public.practices values (gen_random_uuid(), null)`,
      message: /practices\.name must not be empty/,
    },
    {
      what: "rows that lack a needed column",
      setup: `create table public.practices (id uuid primary key);
              insert into public.practices values (gen_random_uuid())`,
      message: /has rows and lacks name/,
    },
    {
      what: "a link to nothing",
      setup: `create table public.cases (id uuid primary key, practice_id uuid);
              insert into public.cases values (gen_random_uuid(), gen_random_uuid())`,
      message: /some rows do not/,
    },
  ];
}

function ofKeys(): readonly Conflict[] {
  return [
    {
      what: "a key that legacy rows do not keep",
      setup: "create table public.profiles (id uuid primary key, email text unique)",
      message: /profiles \(email\) is unique/,
    },
    {
      what: "a foreign key to another table",
      setup: `create table public.users (id uuid primary key);
              create table public.profiles (id uuid primary key references public.users)`,
      message: /refers to public\.users\(id\)/,
    },
    {
      what: "practices that are the users of an authentication service",
      setup: `create schema auth; create table auth.users (id uuid primary key);
              create table public.practices (id uuid primary key references auth.users on delete cascade)`,
      message:
        /practices \(id\) refers to auth\.users\(id\) by foreign key practices_id_fkey.*drop that constraint/,
    },
  ];
}

function ofSchemas(): readonly Conflict[] {
  return [
    {
      what: "tables of our names in another schema",
      setup: `create schema "Dental App"; create table "Dental App".practices (id uuid primary key);
              create table "Dental App".profiles (id uuid primary key)`,
      message:
        /practices, profiles lie in schema "Dental App".*only in schema public.*run 'alter table "Dental App"\.practices set schema public'.*make one of them in schema public/,
    },
  ];
}
