/** What tests of accounts ask of a journey, said once more in SQL: who has one, with which address and which rights. */
import type { AuthServer } from "@nexus/local/auth";
import type { Pool } from "@nexus/shared/database";
import { accountProgress, type AccountProgress } from "@nexus/shared/ledger";
import { eventually } from "@nexus/shared/testing";
import { expect } from "vitest";
import type { Journey } from "./journey.ts";

/** The pattern of the sample's test accounts. */
export const TEST_ACCOUNTS = "test.*";

/** Hashes in Django's forms, with digests of nobody's password; and some who share an address write it otherwise. */
export const MORE_DIRT = `update auth_user set password = case id % 5
  when 0 then 'bcrypt$$2b$12$' || rpad('', 53, 'a')
  when 1 then 'argon2$argon2id$v=19$m=102400,t=2,p=8$c2FsdHNhbHQ$aGFzaGhhc2g'
  when 2 then 'bcrypt_sha256$$2b$12$' || rpad('', 53, 'a')
  when 3 then 'pbkdf2_sha256$260000$salt$aGFzaA=='
  else password end,
  email = case when id % 2 = 0 and email like 'front.desk%' then initcap(email) else email end`;

const PART = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?";

/** Of those who may sign in with an address, the one who did last; among those who never did, the first. */
const HOLDERS = `select distinct on (address) id, address from (
    select id, last_login, lower(btrim(email, E' \\t\\n\\r\\f\\x0b\\u00a0\\u3000\\ufeff')) as address
    from auth_user where is_active and username !~ '^test[.]') u
  where address ~ '^[a-z0-9.!#$%&''*+/=?^_\`{|}~-]+@${PART}([.]${PART})*$'
  order by address, last_login desc nulls last, id`;

interface Account {
  readonly id: string;
  readonly email: string;
  readonly practice: string | null;
  readonly role: string | null;
}

/** Who is to have an account, by the source and the profiles as they are now. */
export async function wantedAccounts({ legacy, target }: Databases): Promise<readonly Account[]> {
  const { rows: holders } = await legacy.query<{ id: number; address: string }>(HOLDERS);
  const { rows } = await target.query<Account>(
    `select p.id, h.email, p.practice_id as practice, p.role from public.profiles p
     join unnest($1::bigint[], $2::text[]) as h (legacy_id, email) on h.legacy_id = p.legacy_id`,
    [holders.map(({ id }) => id), holders.map(({ address }) => address)],
  );
  return sorted(rows);
}

type Databases = Readonly<Record<"legacy" | "target", Pool>>;

/** Who has one. */
export function heldAccounts(server: AuthServer): readonly Account[] {
  return sorted(
    server.users().map(({ id, email, appMetadata: { practice_id, role } }) => ({
      id,
      email,
      practice: typeof practice_id === "string" ? practice_id : null,
      role: typeof role === "string" ? role : null,
    })),
  );
}

function sorted(accounts: readonly Account[]): readonly Account[] {
  return accounts.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

/** Calls that change something, whatever became of them. */
export function changes(server: AuthServer): number {
  return server.calls("create") + server.calls("update") + server.calls("delete");
}

/** Waits until the accounts of a run are decided, and none is due. */
export async function accountsSettled(
  { target }: Journey,
  runId: number,
): Promise<AccountProgress> {
  const settled = await eventually(() => accountProgress(target), {
    until: (progress) => progress.runId === runId && progress.status === "settled",
    within: 60_000,
  });
  await expectClosed(target, runId);
  return settled;
}

/** Each user is accounted for, once: the counts of the decision, and the rows. */
async function expectClosed(target: Pool, runId: number): Promise<void> {
  const { rows } = await target.query<{ users: number; counted: number; kept: number }>(
    `select users, (select sum(value::bigint) from jsonb_each_text(counts))::bigint as counted,
       (select count(*) from migration.accounts where reason is distinct from 'gone') as kept
     from migration.account_decisions where run_id = $1 and not before_profiles`,
    [runId],
  );
  const users = rows[0]?.users;
  expect(users).toBeGreaterThan(0);
  expect(rows).toEqual([{ users, counted: users, kept: users }]);
}
