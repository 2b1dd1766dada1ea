-- What a loader must know of an account that was asked for, and may be there or not.

-- Since when somebody may have been created of whom we do not know: written before the call.
alter table migration.accounts add column asked_at timestamptz;

-- When it failed last.
alter table migration.accounts add column failed_at timestamptz;

-- Whether a process makes accounts, and takes them back.
alter table migration.heartbeats add column makes_accounts boolean not null default false;
