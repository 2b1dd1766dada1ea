/** What was decided is compared with what is on record, and only what differs is written. In one transaction of the target. */
import type { Client } from "@nexus/shared/database";
import type { ToDecide } from "@nexus/shared/ledger";
import type { NoAccount } from "@nexus/shared/states";

/** What is decided of a user. */
export interface Decided {
  readonly id: number;
  /** Null: he gets an account. */
  readonly reason: NoAccount | null;
  /** Of an address that is somebody else's: the user who has it. */
  readonly holder: number | null;
  /** The id that his profile will have, where it may not be there yet. */
  readonly future: string | null;
}

/** A table for what is decided, as long as the transaction lasts. */
export async function beginDecisions(tx: Client): Promise<void> {
  await tx.query(
    `create temp table decided (legacy_id bigint primary key, reason text, holder bigint,
       future uuid, profile_id uuid, has_profile boolean not null default false, practice_id uuid, role text,
       reserved boolean not null default false) on commit drop`,
  );
}

/** Adds users of whom is decided. */
export async function addDecisions(tx: Client, decided: readonly Decided[]): Promise<void> {
  await tx.query(
    `insert into decided (legacy_id, reason, holder, future) select * from unnest($1::bigint[], $2::text[], $3::bigint[], $4::uuid[])`,
    [
      decided.map(({ id }) => id),
      decided.map(({ reason }) => reason),
      decided.map(({ holder }) => holder),
      decided.map(({ future }) => future),
    ],
  );
}

/**
 * Compares and writes. Returns how many rows it wrote, and how many users get an account, or none for which reason. Whoever changes a row
 * waits until it is written: what is compared is what is overwritten.
 */
export async function writeDecisions(
  tx: Client,
  { runId }: ToDecide,
): Promise<{ readonly written: number; readonly counts: Readonly<Record<string, number>> }> {
  await tx.query("lock table migration.accounts in share row exclusive mode");
  await findProfiles(tx);
  const written =
    (await leaveGone(tx, runId)) +
    (await leaveOldProfiles(tx, runId)) +
    (await changeKnown(tx, runId)) +
    (await addUnknown(tx, runId));
  const found = await tx.query<{ outcome: string; users: number }>(
    `select coalesce(reason, 'account') as outcome, count(*) as users from decided group by 1`,
  );
  const counts = Object.fromEntries(found.rows.map(({ outcome, users }) => [outcome, users]));
  return { written, counts };
}

/**
 * Who has no profile in the target gets no account. He keeps his address all the same: whoever shares it would lose it once he has one.
 * Whose account was refused is still to have one: where accounts come first, he has no profile for want of it.
 */
async function findProfiles(tx: Client): Promise<void> {
  await tx.query(
    `update decided d set profile_id = p.id, has_profile = true, practice_id = p.practice_id, role = p.role
     from public.profiles p where p.legacy_id = d.legacy_id`,
  );
  await tx.query(`update decided set profile_id = future where profile_id is null`);
  await tx.query(
    `update decided d set reason = 'no_profile' where d.reason is null and d.profile_id is null
       and not exists (select from migration.accounts a where a.legacy_id = d.legacy_id and a.state = 'refused')`,
  );
  await tx.query("analyze decided");
}

/** SQL: nothing was made for the row, and nothing asked for that may have been. */
const UNTOUCHED = "a.state in ('none', 'due') and a.made_by is null and a.asked_at is null";

/**
 * SQL: the state of a row that gets no account any more. There is one, and it stays; or there may be one, and it is looked for first. A
 * refusal is over: nobody has to mend what nobody wants.
 */
const UNWANTED = `case when a.state not in ('due', 'refused') then a.state when a.made_by is not null then 'done' when a.asked_at is null then 'none' else 'due' end`;

/** SQL: the run that decided last, but for a row whose account may have been created in another's name. */
const RUN = `case when a.asked_at is not null and a.made_by is null then a.run_id else $1::integer end`;

/** The source has them no more. */
async function leaveGone(tx: Client, runId: number): Promise<number> {
  const left = await tx.query(
    `update migration.accounts a set reason = 'gone', holder = null, state = ${UNWANTED}, code = null, run_id = ${RUN}
     where not exists (select from decided d where d.legacy_id = a.legacy_id)
       and (a.reason is distinct from 'gone' or a.state = 'refused') and a.state <> 'removing'`,
    [runId],
  );
  return left.rowCount ?? 0;
}

/**
 * An account has its profile's id for ever. Where a user's profile is another one by now and an account may be there, a person must look;
 * so must one where the new profile's id is that of somebody else's account.
 */
async function leaveOldProfiles(tx: Client, runId: number): Promise<number> {
  const isOther =
    "d.legacy_id = a.legacy_id and d.profile_id is not null and a.profile_id <> d.profile_id";
  const freed = await tx.query(
    `update migration.accounts a set profile_id = null, state = 'none', reason = coalesce(a.reason, 'no_profile'), claimed_until = null,
       run_id = $1::integer
     from decided d where ${isOther} and ${UNTOUCHED}`,
    [runId],
  );
  const left = await tx.query(
    `update migration.accounts a set state = 'refused', code = 'profile_changed', run_id = ${RUN}
     from decided d where ${isOther} and d.reason is null and a.state in ('due', 'done')`,
    [runId],
  );
  await tx.query(
    `update decided d set reserved = true
     from migration.accounts a where a.profile_id = d.profile_id and a.legacy_id <> d.legacy_id`,
  );
  return (freed.rowCount ?? 0) + (left.rowCount ?? 0);
}

/**
 * SQL: the state of a row by what is decided now. Who was to be told his rights and has them by now is done; so is who has no profile yet:
 * there is nothing to tell.
 */
const STATE = `case
  when a.state = 'refused' and d.reason is null then 'refused'
  when d.reserved and d.reason is null and a.profile_id is null then 'refused'
  when d.reason is not null then ${UNWANTED}
  when a.state = 'none' then 'due'
  when a.made_by is null then a.state
  when d.has_profile and (a.practice_id, a.role) is distinct from (d.practice_id, d.role) then 'due'
  else 'done' end`;

/** A row that is as it is decided is not touched; nor is one that a rollback takes back. */
async function changeKnown(tx: Client, runId: number): Promise<number> {
  const changed = await tx.query(
    `update migration.accounts a set reason = n.reason, holder = n.holder, profile_id = n.profile_id, state = n.state,
       code = case when n.state = 'refused' then coalesce(a.code, 'profile_changed') end, run_id = ${RUN},
       attempts = 0, failed_at = null, due_at = null
     from (
       select d.legacy_id, d.reason, d.holder, ${STATE} as state,
         case when d.reserved then a.profile_id else coalesce(a.profile_id, d.profile_id) end as profile_id
       from decided d join migration.accounts a on a.legacy_id = d.legacy_id where a.state <> 'removing') n
     where n.legacy_id = a.legacy_id
       and (a.reason, a.holder, a.profile_id, a.state) is distinct from (n.reason, n.holder, n.profile_id, n.state)`,
    [runId],
  );
  return changed.rowCount ?? 0;
}

async function addUnknown(tx: Client, runId: number): Promise<number> {
  const added = await tx.query(
    `insert into migration.accounts (legacy_id, profile_id, run_id, reason, holder, state, code)
     select d.legacy_id, case when not d.reserved then d.profile_id end, $1::integer, d.reason, d.holder,
       case when d.reason is not null then 'none' when d.reserved then 'refused' else 'due' end,
       case when d.reason is null and d.reserved then 'profile_changed' end
     from decided d where not exists (select from migration.accounts a where a.legacy_id = d.legacy_id)`,
    [runId],
  );
  return added.rowCount ?? 0;
}
