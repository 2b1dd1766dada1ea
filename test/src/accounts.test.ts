/**
 * The sample's users become users of Supabase Auth: decided by the rules, with what can be imported of their passwords, through its
 * own client. Seven in eight have no address; those who share one get one account.
 */
import { idOf } from "@nexus/catalog";
import { openAddressBook, testAccounts } from "@nexus/extractor/accounts";
import { ensureAccount, importPassword } from "@nexus/loader/accounts";
import { SERVICE_ROLE_KEY, startAuth } from "@nexus/local/auth";
import { makeSample } from "@nexus/local/sample";
import { type AuthAdmin, AuthFailure } from "@nexus/shared/auth";
import { openAuthAdmin } from "@nexus/shared/auth/client";
import { openPool, type Pool } from "@nexus/shared/database";
import { NO_ACCOUNT } from "@nexus/shared/states";
import { freshDatabase } from "@nexus/shared/testing";
import { expect, it, onTestFinished } from "vitest";
import { MORE_DIRT } from "./auth-accounts.ts";

/** `ACCOUNTS_SCALE=1`: all 9,101 users of the report. */
const SCALE = Number(process.env["ACCOUNTS_SCALE"] ?? 0.15);
const NAMESPACE = "6f3c1d2e-8a4b-4c5d-9e6f-7a8b9c0d1e2f";
/** Made by this call, or by one that was not answered. */
const OURS = { state: "done", by: expect.stringMatching(/^(call|run)$/) };

interface User {
  readonly id: number;
  readonly username: string;
  readonly email: string;
  readonly isActive: boolean;
  readonly lastLogin: number | null;
  readonly password: string;
}

const USERS = `select id, username, email, is_active as "isActive", password,
  (extract(epoch from last_login) * 1000000)::bigint as "lastLogin" from auth_user order by id`;

/** Said once more in SQL: the addresses in use, but for test accounts. */
const USABLE = `select count(distinct lower(btrim(email, E' \\t\\n\\r\\f\\x0b\\u00a0\\u3000\\ufeff')))::integer as count
  from auth_user where is_active and username !~ '^test[.]' and
  btrim(email, E' \\t\\n\\r\\f\\x0b\\u00a0\\u3000\\ufeff') ~ '^[^@[:space:]]+@[^@[:space:]]+[.][a-zA-Z]+$'`;

it("creates one account for each address in use, and says of everybody else why not", async (context) => {
  const source = await sampleOf(await freshDatabase(context));
  const server = await startAuth({ faults: { create: [{ fault: "done-but-reset", every: 7 }] } });
  onTestFinished(() => server.close());
  const admin = openAuthAdmin({
    url: server.url,
    serviceRoleKey: SERVICE_ROLE_KEY,
    timeoutMs: 10_000,
  });
  const { rows: users } = await source.query<User>(USERS);
  const book = openAddressBook(testAccounts("test.*"));
  for (const user of users) book.add(user);
  const decisions = users.map((user) => ({ user, decision: book.decide(user) }));

  const chosen = decisions.filter(({ decision }) => decision.outcome === "account");
  const { rows } = await source.query<{ count: number }>(USABLE);
  expect(chosen.length).toBe(rows[0]?.count);
  const reasons = NO_ACCOUNT.map((reason) => ({
    reason,
    users: decisions.filter(({ decision }) => "reason" in decision && decision.reason === reason)
      .length,
  }));
  for (const { reason, users } of reasons) expect([reason, users > 0]).toEqual([reason, true]);
  expect(chosen.length + reasons.reduce((sum, { users }) => sum + users, 0)).toBe(users.length);

  for (const { user } of chosen) expect(await ended(admin, user)).toEqual(OURS);
  const created = structuredClone(server.users());
  expect(created.map(({ id }) => id)).toEqual(
    chosen.map(({ user }) => idOf(NAMESPACE, "profiles", user.id)),
  );
  expect(created.filter(({ passwordHash }) => passwordHash !== null)).toHaveLength(
    chosen.filter(({ user: { id } }) => id % 5 < 2).length,
  );

  const calls = server.calls("create");
  for (const { user } of chosen) await ended(admin, user, 1);
  expect(server.calls("create")).toBe(calls);
  expect(server.users()).toEqual(created);
});

async function sampleOf(url: string): Promise<Pool> {
  await makeSample({ url, scale: SCALE, seed: 16, shape: "real" });
  const source = openPool({ url, max: 1, name: "nexus-test", onError: () => undefined });
  onTestFinished(() => source.end());
  await source.query(MORE_DIRT);
  return source;
}

async function ended(admin: AuthAdmin, user: User, attempts = 0): Promise<unknown> {
  const password = importPassword(user.password);
  const account = {
    id: idOf(NAMESPACE, "profiles", user.id),
    email: user.email.trim(),
    passwordHash: "hash" in password ? password.hash : null,
    practiceId: null,
    role: "user",
    runId: 1,
    ledger: NAMESPACE,
  };
  try {
    return await ensureAccount(admin, account, attempts);
  } catch (error) {
    if (!(error instanceof AuthFailure) || attempts > 3) throw error;
    return await ended(admin, user, attempts + 1);
  }
}
