-- Accounts of Supabase Auth: who of the source's users gets one, and what became of it. Neither addresses nor hashes.

-- Whether a run makes accounts, as `dify` says it of Dify.
alter table migration.runs add column accounts boolean not null default false;

-- That all of the source's users were looked at, in one snapshot, for a run.
create table migration.account_decisions (
  run_id integer not null references migration.runs,
  -- Where profiles refer to auth.users it is done before they are loaded, too.
  before_profiles boolean not null,
  -- Users of the source in that snapshot.
  users bigint not null,
  -- How many get one, and how many none for which reason: {"account": 978, "no_address": 6769, …}. The sum is `users`.
  counts jsonb not null,
  decided_at timestamptz not null default now(),
  primary key (run_id, before_profiles)
);

-- One row for each user who was looked at. It is the job, too: what is due, how often it was tried, who has it.
create table migration.accounts (
  -- auth_user.id.
  legacy_id bigint primary key,
  -- The profile's id, which is the account's; null: the user has no profile.
  profile_id uuid unique,
  -- The run that decided last.
  run_id integer not null references migration.runs,
  -- Why the user gets none; null: an account is wanted.
  reason text,
  -- Of an address that is somebody else's: the user who has it.
  holder bigint,
  -- none: there is none, and none is wanted. due: to be made, or to be told its practice and role. done: there is one.
  -- refused: a person must look (code). removing: a rollback takes it back.
  state text not null check (state in ('none', 'due', 'done', 'refused', 'removing')),
  code text,
  -- The run that created it; null: somebody else did, or there is none.
  made_by integer references migration.runs,
  -- imported, or why the account has a password that nobody knows; null: none was made.
  password text,
  -- What the account was told of its rights.
  practice_id uuid,
  role text,
  attempts integer not null default 0,
  -- One loader works on it until then, unless it renews that.
  claimed_until timestamptz,
  -- Not before then; null: at once.
  due_at timestamptz,
  settled_at timestamptz,
  check (state <> 'none' or reason is not null),
  check ((state = 'refused') = (code is not null)),
  check (state not in ('due', 'done') or profile_id is not null)
);
create index accounts_due on migration.accounts (due_at nulls first, legacy_id) where state in ('due', 'removing');
