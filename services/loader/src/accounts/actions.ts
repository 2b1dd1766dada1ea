/** What is done about an account that is due. Each ends with the account on record, or throws why it must wait. */
import { profilesNeedUsers } from "@nexus/shared/database";
import { decideAnew } from "@nexus/shared/ledger";
import { failpoint } from "@nexus/shared/runtime";
import { type FoundAccount, makerOf, type Rights } from "@nexus/shared/auth";
import {
  type Claimed,
  forget,
  intend,
  intendPassword,
  isRun,
  snooze,
  recordNone,
  recordRefused,
  recordThere,
  renew,
} from "./claims.ts";
import type { AccountDeps } from "./deps.ts";
import { type AccountEnd, ensureAccount } from "./ensure-account.ts";
import { importPassword } from "./password-hash.ts";
import { takePermit } from "./permit.ts";
import type { Person } from "./read-people.ts";
import { removeAccount } from "./remove-account.ts";

/** An account that is worked on. The claim is renewed on the way. */
export interface Work {
  claimed: Claimed;
  /** Whom it is for. */
  readonly person: Person;
}

type Act = (deps: AccountDeps, work: Work) => Promise<void>;

/** Does what is due about an account. */
export async function act(deps: AccountDeps, work: Work): Promise<void> {
  const { state, unwanted, madeBy } = work.claimed;
  if (state === "removing") return await remove(deps, work);
  if (madeBy !== null) return await tellRights(deps, work);
  return await (unwanted ? lookFor : create)(deps, work);
}

/** The intention is written down first: whoever finds it asks by id before he creates. */
const create: Act = async (deps, work) => {
  const { target, admin, settings } = deps;
  const { person } = work;
  const { asked } = work.claimed;
  const rights = work.claimed.rights ?? (await rightsBeforeProfile(target));
  if (person.kind === "otherwise" || rights === null) return await decideAgain(deps, work);
  const { hash, kept } = passwordOf(person.storedPassword);
  const permit = await takePermit(deps);
  work.claimed = await intend(target, work.claimed, kept, settings.claimMs);
  const { claimed } = work;
  const { id, runId, ledger } = claimed;
  const account = { id, email: person.email, passwordHash: hash, ...rights, runId, ledger };
  const end = await permit((changing) =>
    ensureAccount(admin, account, asked ? 1 : 0, async () => {
      if (asked) await intendPassword(target, claimed, kept);
      changing();
    }),
  );
  failpoint("accounts.created");
  await recordEnd(deps, work, end, rights);
};

/** The hash that is sent, and what is kept of the password: what becomes of it. */
function passwordOf(stored: string | null): {
  readonly hash: string | null;
  readonly kept: string;
} {
  const password = importPassword(stored);
  return "hash" in password
    ? { hash: password.hash, kept: "imported" }
    : { hash: null, kept: password.reason };
}

/** Where a profile needs its account first, it is told its rights once that is there. Null: there should be a profile. */
async function rightsBeforeProfile(target: AccountDeps["target"]): Promise<Rights | null> {
  return (await profilesNeedUsers(target)) ? { practiceId: null, role: null } : null;
}

/** What another call has told it, only the account says. */
async function recordEnd(
  { target, admin }: AccountDeps,
  { claimed }: Work,
  end: AccountEnd,
  rights: Rights,
): Promise<void> {
  if (end.state === "refused") return await recordRefused(target, claimed, end.code);
  const { runId, ledger } = claimed;
  const there = end.by === "call" ? { ...rights, runId, ledger } : undefined;
  const found = there ?? (await admin.find(claimed.id));
  if (found === undefined) return await recordRefused(target, claimed, "account_gone");
  await recordFound(target, claimed, found);
}

/** One of an earlier run is ours, too: its creation was late, and came after that run was taken back. */
async function recordFound(
  target: AccountDeps["target"],
  claimed: Claimed,
  found: Omit<FoundAccount, "id">,
): Promise<void> {
  const { practiceId, role } = found;
  const told = { practiceId, role };
  const madeBy = makerOf(found, claimed.ledger, claimed.unnamedOf);
  if (madeBy === null || (madeBy !== claimed.runId && !(await isRun(target, madeBy))))
    return await recordThere(target, claimed, { madeBy: null, knows: true });
  const knows = claimed.unwanted || isSame(told, claimed.rights);
  await recordThere(target, claimed, { madeBy, told, knows });
}

/** Without a profile there is nothing to tell yet. */
function isSame(told: Rights, wanted: Rights | null): boolean {
  return wanted === null || (told.practiceId === wanted.practiceId && told.role === wanted.role);
}

/** The source or the profile is not as it was when it was decided: everybody is looked at again before anybody is created. */
async function decideAgain(
  { target, settings, log }: AccountDeps,
  { claimed }: Work,
): Promise<void> {
  log.info({ legacyId: claimed.legacyId }, "a user is not as he was, accounts are decided anew");
  await snooze(target, [claimed], settings.retryMs);
  await decideAnew(target);
}

/** One that is not wanted any more, and was asked for. */
const lookFor: Act = async (deps, work) => {
  const { target, admin } = deps;
  const permit = await takePermit(deps);
  const found = await permit(() => admin.find(work.claimed.id));
  if (found === undefined) await recordNone(target, work.claimed);
  else await recordFound(target, work.claimed, found);
};

/** Its practice or role is another one. One that somebody deleted is not made again: perhaps it should not be there. */
const tellRights: Act = async (deps, work) => {
  const { target, admin, settings } = deps;
  const { id, rights, madeBy, ledger } = work.claimed;
  const isOurs = (one: FoundAccount) => makerOf(one, ledger, madeBy) === madeBy;
  if (rights === null) return await decideAgain(deps, work);
  const permit = await takePermit(deps);
  work.claimed = await renew(target, work.claimed, settings.claimMs);
  const found = await permit(async (changing) => {
    const there = await admin.find(id);
    if (there === undefined || !isOurs(there)) return there;
    changing();
    return await admin.update(id, rights);
  });
  if (found === undefined) await recordRefused(target, work.claimed, "account_gone");
  else if (!isOurs(found)) await recordThere(target, work.claimed, { madeBy: null, knows: true });
  else await recordThere(target, work.claimed, { madeBy, told: rights, knows: true });
};

/** A rollback takes it back, if its run has made it. */
const remove: Act = async (deps, work) => {
  const { target, admin, settings } = deps;
  const { id, madeBy, unnamedOf, runId, ledger } = work.claimed;
  const made = { id, runId: madeBy ?? runId, ledger, isRecorded: unnamedOf !== null };
  const permit = await takePermit(deps);
  work.claimed = await renew(target, work.claimed, settings.claimMs);
  await permit((changing) => removeAccount(admin, made, changing));
  await forget(target, work.claimed);
};
