/**
 * A rollback takes back the accounts that its run has made: a loader removes them. After the profiles, which are children of auth.users
 * where they refer to it: a user who is deleted takes his profile along there, whatever others have made of it.
 */
import { type Client, profilesNeedUsers, type Queryable } from "@nexus/shared/database";
import { accountsAreMade, decideAnew, type Rollback } from "@nexus/shared/ledger";
import { pause } from "@nexus/shared/runtime";
import { whileOpen } from "../asked-work.ts";
import type { Deps } from "../deps.ts";
import { recordAccountCounts, recordRefusedAccounts } from "./count.ts";

/** There is nobody who removes them. */
class AccountsOff extends Error {
  override readonly name = "AccountsOff";
  readonly code = "accounts_off";
}

/** Milliseconds between two looks whether loaders are done. */
const LOOK_MS = 250;

/** SQL: the run ($1) has made the account, or asked for it and never heard: then it may be there. */
const OF_THE_RUN = `a.profile_id is not null
  and (a.made_by = $1 or a.run_id = $1 and a.made_by is null and a.asked_at is not null and a.state in ('due', 'refused', 'removing'))`;

/**
 * SQL: it stays, since its profile stays and would go with it: others have changed that. $2: whether profiles refer to auth.users. What
 * has no legacy key a trigger has made of the sign-up.
 */
const STAYS = `($2 and exists (select from public.profiles p where p.id = a.profile_id and p.legacy_id is not null))`;

/** How many would be removed. */
export async function countAccounts(tx: Client, { runId }: Rollback): Promise<number> {
  const found = await tx.query<{ accounts: number }>(
    `select count(*) as accounts from migration.accounts a where ${OF_THE_RUN}`,
    [runId],
  );
  return found.rows[0]?.accounts ?? 0;
}

/** Has the accounts of the run removed, and waits for it. Nothing, while its profiles stay. Throws `AccountsOff`. */
export async function takeBackAccounts(deps: Deps, rollback: Rollback): Promise<void> {
  const asked = { work: "rollbacks", id: rollback.id } as const;
  const taken = await whileOpen(deps, asked, (tx) => beginRemoval(tx, rollback));
  if (!taken) return;
  while ((await whileOpen(deps, asked, (tx) => toBeRemoved(tx, rollback))) > 0) {
    deps.signal.throwIfAborted();
    if (!(await accountsAreMade(deps.target)))
      throw new AccountsOff("no loader with ACCOUNTS=on removes the accounts of the run");
    await pause(LOOK_MS, deps.signal);
  }
  await whileOpen(deps, asked, (tx) => countRefused(tx, rollback));
}

async function beginRemoval(tx: Client, rollback: Rollback): Promise<boolean> {
  const { runId } = rollback;
  if ((await profilesAreBack(tx, runId))?.makesAccounts !== true) return false;
  const given = [runId, await profilesNeedUsers(tx)];
  const removing = await tx.query(
    `update migration.accounts a set state = 'removing', code = null, due_at = null, attempts = 0, failed_at = null
     where ${OF_THE_RUN} and a.state <> 'removing' and not ${STAYS}`,
    given,
  );
  const left = await tx.query(
    `select from migration.accounts a where ${OF_THE_RUN} and a.state <> 'removing' and ${STAYS}`,
    given,
  );
  await tx.query(
    `delete from migration.accounts a where run_id = $1 and made_by is null and asked_at is null and state in ('none', 'due', 'refused')`,
    [runId],
  );
  await recordAccountCounts(tx, rollback, removing.rowCount ?? 0, left.rowCount ?? 0);
  return true;
}

/** Those that Supabase Auth does not let go stay, for a person. */
async function countRefused(tx: Client, rollback: Rollback): Promise<void> {
  const refused = await tx.query<{ accounts: number }>(
    `select count(*) as accounts from migration.accounts a where ${OF_THE_RUN} and a.state = 'refused' and not ${STAYS}`,
    [rollback.runId, await profilesNeedUsers(tx)],
  );
  await recordRefusedAccounts(tx, rollback, refused.rows[0]?.accounts ?? 0);
}

/** Accounts go with the profiles of the run; where it makes accounts and had none, with all that it had. */
async function profilesAreBack(tx: Queryable, runId: number): Promise<Back | undefined> {
  const found = await tx.query<Back>(
    `select r.accounts as "makesAccounts" from migration.runs r
     where r.id = $1 and (exists (select from migration.run_entities e where e.run_id = r.id and e.entity = 'profiles' and e.status = 'rolled_back')
       or r.accounts and not exists (select from migration.run_entities e where e.run_id = r.id and e.status not in ('skipped', 'rolled_back')))`,
    [runId],
  );
  return found.rows[0];
}

/** A run whose profiles are back. */
interface Back {
  readonly makesAccounts: boolean;
}

async function toBeRemoved(tx: Queryable, { runId }: Rollback): Promise<number> {
  const found = await tx.query<{ accounts: number }>(
    `select count(*) as accounts from migration.accounts a where a.state = 'removing' and (a.made_by = $1 or a.run_id = $1)`,
    [runId],
  );
  return found.rows[0]?.accounts ?? 0;
}

/**
 * Those that earlier runs have made are told again what their profiles are: what the newest of them had decided is decided anew. After a run without
 * accounts, too: loaders may have told somebody what it had made of his profile.
 */
export async function forgetDecisions(tx: Queryable, runId: number): Promise<void> {
  if ((await profilesAreBack(tx, runId)) === undefined) return;
  await tx.query(`delete from migration.account_decisions where run_id = $1`, [runId]);
  await decideAnew(tx);
}
