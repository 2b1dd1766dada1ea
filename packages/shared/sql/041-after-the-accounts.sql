-- Invitations: links by mail to those whose account has a password that nobody knows. No addresses. The row is the job, too.
create table migration.account_invitations (
  -- Of migration.accounts: with an account that is taken back goes its invitation.
  legacy_id bigint primary key references migration.accounts on delete cascade,
  -- The run that created the account: one that was taken back and made anew is invited anew.
  made_by integer not null references migration.runs,
  -- recovery: a link by which a password is set. magiclink: one that signs in.
  method text not null check (method in ('recovery', 'magiclink')),
  -- due: to be sent. sending: it is on record that Supabase Auth is about to be asked. sent: it says that a mail left. unsure: it gave no answer, and
  -- a mail may have left: sent again only when a person says so. left: nobody is to be invited (code). refused: a person must look (code).
  state text not null default 'due' check (state in ('due', 'sending', 'sent', 'unsure', 'left', 'refused')),
  code text,
  asked_at timestamptz not null default now(),
  -- One loader works on it until then, unless it renews that.
  claimed_until timestamptz,
  -- Not before then; null: at once.
  due_at timestamptz,
  -- When it was put on record that Supabase Auth is about to be asked; null: it was not, or has refused.
  intended_at timestamptz,
  -- When the account was sent a link last, in the words of Supabase Auth, before we asked: another instant says that a mail left.
  mailed_before text,
  settled_at timestamptz,
  check ((state in ('left', 'refused')) = (code is not null)),
  check (state not in ('sending', 'unsure') or intended_at is not null)
);
create index account_invitations_due on migration.account_invitations (due_at nulls first, legacy_id) where state in ('due', 'sending');

-- Of a verification of profiles: {"items": 978, "pending": 3}, accounts that were compared with Supabase Auth, and those that are still to be made
-- or told something; or {"code": "off"}, why they were not. Null: there are none, or not all profiles were verified.
alter table migration.proof_entities add column accounts jsonb;
