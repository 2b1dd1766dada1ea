/**
 * Verification of accounts: whom the ledger has as done is at Supabase Auth under the profile's id with the profile's rights, and whoever is
 * there by a run of ours is in the ledger. All are read twice, as rows are; only what differs both times is a difference.
 */
import { AuthFailure, type AuthAdmin, type FoundAccount, PAGE } from "@nexus/shared/auth";
import { inTransaction, type Queryable } from "@nexus/shared/database";
import { ledgerId, type ProvedAccounts, stillHeld } from "@nexus/shared/ledger";
import { backoffMs, MAX_ATTEMPTS, pause } from "@nexus/shared/runtime";
import { type AccountKind, accountKinds, isPending, type KnownAccount } from "./account-kinds.ts";
import type { Proving } from "./proving.ts";

/** Accounts are of the profiles. */
export const HOLDERS = "profiles";

/** The column of a difference; of an account that nobody knows its id follows. */
const ACCOUNT = "account";

interface Found {
  readonly kind: AccountKind;
  /** The user; 0: nobody knows one. */
  readonly legacyId: number;
  readonly column: string;
}

/** What a reading has seen. */
export interface AccountsSeen {
  readonly seen: ProvedAccounts;
  /** By all that it says. */
  readonly found: ReadonlyMap<string, Found>;
}

/** The first reading. Undefined: there are no accounts, or only a part of the profiles is verified. */
export async function compareAccounts(proving: Proving): Promise<AccountsSeen | undefined> {
  const { target, proof, admin } = proving;
  const { entities, range, sample } = proof.asked;
  if (range !== null || sample !== null || entities?.includes(HOLDERS) === false) return undefined;
  if (!(await hasAccounts(target))) return undefined;
  return admin === undefined ? unseen("off") : await look(proving, admin);
}

/** The second reading, if the first found something. Keeps what both found. */
export async function compareAccountsAgain(
  proving: Proving,
  first: AccountsSeen | undefined,
): Promise<ProvedAccounts | undefined> {
  const { admin } = proving;
  if (first === undefined || first.found.size === 0 || admin === undefined) return first?.seen;
  const second = await look(proving, admin);
  const both = [...second.found].filter(([words]) => first.found.has(words));
  await keep(
    proving,
    both.map(([, found]) => found),
  );
  return second.seen;
}

async function hasAccounts(target: Queryable): Promise<boolean> {
  const found = await target.query<{ has: boolean }>(
    `select exists (select from migration.accounts where state <> 'none') as has`,
  );
  return found.rows[0]?.has === true;
}

function unseen(code: string): AccountsSeen {
  return { seen: { code }, found: new Map() };
}

/** That Supabase Auth cannot be asked is said, and holds up nothing else. */
async function look(proving: Proving, admin: Asked): Promise<AccountsSeen> {
  try {
    return await lookAtAll(proving, admin);
  } catch (error) {
    if (!(error instanceof AuthFailure)) throw error;
    proving.log.warn({ code: error.code, proof: proving.proof.id }, "accounts are not verified");
    return unseen(error.code);
  }
}

type Asked = Pick<AuthAdmin, "find" | "list">;

/** The ledger is read first: what is made meanwhile is known to be due. */
async function lookAtAll(proving: Proving, admin: Asked): Promise<AccountsSeen> {
  const ledger = await ledgerId(proving.target);
  const known = await readKnown(proving.target);
  const found = new Map<string, Found>();
  const note = (id: string, account: FoundAccount | undefined): void => {
    const one = known.get(id);
    for (const kind of accountKinds(one, account, ledger)) {
      const column = one === undefined ? `${ACCOUNT} ${id}` : ACCOUNT;
      const difference = { kind, legacyId: one?.legacyId ?? 0, column };
      found.set(JSON.stringify(difference), difference);
    }
  };
  const seen = new Set<string>();
  for await (const account of allAccounts(proving, admin)) {
    seen.add(account.id);
    note(account.id, account);
  }
  for (const id of await missingAmong(proving, admin, { known, ledger }, seen)) note(id, undefined);
  const all = [...known.values()];
  const items = all.filter(({ state }) => state === "done").length;
  return { seen: { items, pending: all.filter(isPending).length }, found };
}

/** Pages shift while accounts come and go: who is on none is asked for by id, if they are not too many. */
async function missingAmong(
  proving: Proving,
  admin: Asked,
  { known, ledger }: { known: ReadonlyMap<string, KnownAccount>; ledger: string },
  seen: ReadonlySet<string>,
): Promise<readonly string[]> {
  const ids = [...known.keys()].filter(
    (id) => !seen.has(id) && accountKinds(known.get(id), undefined, ledger).length > 0,
  );
  if (ids.length > PAGE) return ids;
  const missing: string[] = [];
  for (const id of ids)
    if ((await patiently(proving, () => admin.find(id))) === undefined) missing.push(id);
  return missing;
}

async function* allAccounts(proving: Proving, admin: Asked): AsyncGenerator<FoundAccount> {
  for (let page = 1; ; page += 1) {
    const accounts = await patiently(proving, () => admin.list(page));
    yield* accounts;
    if (accounts.length < PAGE) return;
  }
}

/** The longest that is waited for Supabase Auth between two attempts, in milliseconds. */
const LONGEST_PAUSE_MS = 30_000;

/** Asks again while Supabase Auth does not answer, or wants to be left alone. Throws what the last attempt threw. */
async function patiently<T>({ signal }: Proving, ask: () => Promise<T>): Promise<T> {
  for (let attempts = 1; ; attempts += 1) {
    signal.throwIfAborted();
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof AuthFailure) || attempts >= MAX_ATTEMPTS) throw error;
      if (error.kind !== "retry" && error.kind !== "throttled") throw error;
      const ms = error.retryAfterMs ?? backoffMs(attempts);
      await pause(Math.min(LONGEST_PAUSE_MS, ms), signal);
    }
  }
}

/** By their ids. Users without a profile can have no account. */
async function readKnown(target: Queryable): Promise<ReadonlyMap<string, KnownAccount>> {
  const { rows } = await target.query<
    Omit<KnownAccount, "rights"> & {
      readonly hasProfile: boolean;
      readonly practiceId: string | null;
      readonly role: string | null;
    }
  >(
    `select a.legacy_id as "legacyId", a.profile_id::text as id, a.state, a.reason is null as "isWanted", a.made_by as "madeBy",
       p.id is not null as "hasProfile", p.practice_id::text as "practiceId", p.role
     from migration.accounts a left join public.profiles p on p.id = a.profile_id where a.profile_id is not null`,
  );
  return new Map(
    rows.map(({ hasProfile, practiceId, role, ...one }) => [
      one.id,
      { ...one, rights: hasProfile ? { practiceId, role } : null },
    ]),
  );
}

async function keep({ target, proof }: Proving, found: readonly Found[]): Promise<void> {
  await inTransaction(target, async (tx) => {
    await tx.query(
      `insert into migration.proof_differences (proof_id, entity, legacy_id, column_name, kind, reads)
       select $1, '${HOLDERS}', d.*, 2 from unnest($2::bigint[], $3::text[], $4::text[]) as d (legacy_id, column_name, kind)`,
      [
        proof.id,
        found.map(({ legacyId }) => legacyId),
        found.map(({ column }) => column),
        found.map(({ kind }) => kind),
      ],
    );
    await stillHeld(tx, proof);
  });
}
