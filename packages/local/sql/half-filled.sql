-- The target as an earlier tool made it: the stakeholder report's diagram. No table has a legacy key but cases and projects, where it may be empty.
create type public.case_type_enum as enum ('initial_consultation', 'treatment_planning', 'active_treatment', 'refinement', 'retention',
  'emergency', 'follow_up');
create type public.case_state_enum as enum ('submitted', 'under_review', 'planning', 'approved', 'in_production', 'quality_check', 'shipped',
  'delivered', 'completed', 'on_hold', 'cancelled');
create type public.project_type_enum as enum ('scan', 'model', 'simulation', 'treatment_plan', 'aligner_design', 'impression', 'xray', 'photo',
  'document', 'other');
create type public.project_status_enum as enum ('draft', 'in_progress', 'review', 'approved', 'archived', 'deleted');

create table public.practices (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  address text,
  phone text,
  email text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create table public.profiles (
  id uuid primary key default gen_random_uuid(),
  practice_id uuid references public.practices (id),
  email text,
  first_name text,
  last_name text,
  role text not null default 'user',
  metadata jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create table public.patients (
  id uuid primary key default gen_random_uuid(),
  profile_id uuid references public.profiles (id),
  practice_id uuid references public.practices (id),
  first_name text,
  last_name text,
  date_of_birth date,
  phone text,
  email text,
  medical_history jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create table public.practice_members (
  id uuid primary key default gen_random_uuid(),
  practice_id uuid not null references public.practices (id),
  profile_id uuid not null references public.profiles (id),
  role text,
  is_active boolean default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (practice_id, profile_id)
);
create table public.cases (
  id uuid primary key default gen_random_uuid(),
  legacy_project_id integer unique,
  patient_id uuid references public.patients (id),
  practice_id uuid references public.practices (id),
  case_number text unique,
  title text,
  case_type public.case_type_enum,
  current_state public.case_state_enum,
  metadata jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create table public.projects (
  id uuid primary key default gen_random_uuid(),
  legacy_project_id integer,
  case_id uuid not null references public.cases (id),
  practice_id uuid references public.practices (id),
  name text,
  project_type public.project_type_enum,
  status public.project_status_enum,
  file_size bigint,
  creator_id uuid references public.profiles (id),
  metadata jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create table public.case_states (
  id uuid primary key default gen_random_uuid(),
  case_id uuid not null references public.cases (id),
  from_state public.case_state_enum,
  to_state public.case_state_enum,
  changed_by uuid references public.profiles (id),
  reason text,
  created_at timestamptz not null default now()
);
create table public.workflow_templates (
  id uuid primary key default gen_random_uuid(),
  practice_id uuid references public.practices (id),
  name text,
  case_type public.case_type_enum,
  steps jsonb not null default '[]',
  is_active boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index on public.profiles (email);
create index on public.projects (legacy_project_id);
