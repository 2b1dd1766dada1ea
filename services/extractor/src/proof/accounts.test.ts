/** Verification of accounts: Supabase Auth has whom the ledger has, with the profile's rights, and nobody else of ours. */
import { type AuthServer, SERVICE_ROLE_KEY, startAuth } from "@nexus/local/auth";
import { openAuthAdmin } from "@nexus/shared/auth/client";
import type { Pool } from "@nexus/shared/database";
import { ledgerId, type ProofAsked } from "@nexus/shared/ledger";
import { beforeEach, describe, expect, it } from "vitest";
import type { Deps } from "../deps.ts";
import { extractorUnderTest } from "../extractor.fixture.ts";
import { loadByHand, ROWS } from "./by-hand.fixture.ts";
import { verifiedBeside } from "./verified-beside.fixture.ts";

const ALL: ProofAsked = { entities: ["profiles"], range: null, sample: null, codes: null };

/** Accounts of all profiles, made by the run. */
const MADE = `
  insert into migration.accounts (legacy_id, profile_id, run_id, state, made_by, password, practice_id, role)
    select legacy_id, id, $1, 'done', $1, 'imported', practice_id, role from public.profiles`;

let deps: Deps;
let target: Pool;
let server: AuthServer;
let runId: number;

beforeEach(async (context) => {
  deps = await extractorUnderTest(context);
  target = deps.target;
  runId = await loadByHand(deps.legacy, target);
  server = await startAuth();
  context.onTestFinished(() => server.close());
  const { url } = server;
  const admin = openAuthAdmin({ url, serviceRoleKey: SERVICE_ROLE_KEY, timeoutMs: 300 });
  deps = { ...deps, admin };
});

interface Profile {
  readonly id: string;
  readonly key: number;
  readonly practiceId: string | null;
  readonly role: string;
}

async function profiles(): Promise<Profile[]> {
  const { rows } = await target.query<Profile>(
    `select id::text, legacy_id as key, practice_id::text as "practiceId", role from public.profiles order by 2`,
  );
  return rows;
}

/** Makes them at Supabase Auth and in the ledger. Returns the ids by key. */
async function makeAccounts(): Promise<ReadonlyMap<number, string>> {
  const { url } = server;
  const admin = openAuthAdmin({ url, serviceRoleKey: SERVICE_ROLE_KEY, timeoutMs: 5_000 });
  const all = await profiles();
  const ledger = await ledgerId(target);
  for (const { id, key, practiceId, role } of all)
    await admin.create({
      id,
      email: `user${key}@example.org`,
      passwordHash: null,
      practiceId,
      role,
      runId,
      ledger,
    });
  await target.query(MADE, [runId]);
  return new Map(all.map(({ key, id }) => [key, id]));
}

/** What is found of accounts, as `key column kind`, and what was looked at. */
async function verified(asked: Partial<ProofAsked> = {}) {
  const { said, counts } = await verifiedBeside(deps, "accounts", "profiles", { ...ALL, ...asked });
  return { said, accounts: counts };
}

describe("verification of accounts", () => {
  it("says nothing of them where there are none", async () => {
    expect(await verified()).toEqual({ said: [], accounts: null });
    expect(server.calls("list")).toBe(0);
  });

  it("finds nothing where each account is there with its profile's rights", async () => {
    const ids = await makeAccounts();
    server.signUp({ id: STRANGER, email: "somebody@else.example" });
    server.alter(ids.get(1) ?? "", { email: "new@address.example" });
    server.alter(ids.get(2) ?? "", { confirmedAt: null });
    server.alter(ids.get(3) ?? "", { bannedUntil: "2999-01-01T00:00:00Z" });
    expect(await verified()).toEqual({ said: [], accounts: { items: ROWS, pending: 0 } });
  });

  it("finds who is missing, who has other rights, and whom the ledger does not know", async () => {
    const ids = await makeAccounts();
    const practice = (await profiles())[20]?.practiceId ?? null;
    await deps.target.query(`delete from migration.accounts where legacy_id = 7`);
    await deps.target.query(
      `update migration.accounts set state = 'refused', code = 'address_taken' where legacy_id = 8`,
    );
    const { url } = server;
    const admin = openAuthAdmin({ url, serviceRoleKey: SERVICE_ROLE_KEY, timeoutMs: 5_000 });
    await admin.remove(ids.get(3) ?? "");
    await admin.update(ids.get(4) ?? "", { practiceId: practice, role: "doctor" });
    await admin.update(ids.get(5) ?? "", { practiceId: null, role: "admin" });
    await deps.target.query(`update public.profiles set role = 'admin' where legacy_id = 6`);
    expect((await verified()).said).toEqual([
      `0 account ${ids.get(7)} account_unknown`,
      "3 account account_missing",
      "4 account account_rights",
      "5 account account_rights",
      "6 account account_rights",
      "8 account account_unknown",
    ]);
  });

  it("leaves whom a run of that number has made in another ledger, or in one that nobody named", async () => {
    const ids = await makeAccounts();
    const { rows } = await target.query<{ key: number }>(
      `delete from migration.accounts where legacy_id in (7, 8) returning legacy_id as key`,
    );
    for (const { key } of rows)
      server.alter(ids.get(key) ?? "", {
        appMetadata: { migration_run: runId, ...(key === 7 && { migration_ledger: STRANGER }) },
      });
    expect((await verified()).said).toEqual([]);
  });

  it("leaves what is still to be done, what was there before, and who is to have none any more", async () => {
    const ids = await makeAccounts();
    await target.query(`
      update migration.accounts set state = 'due' where legacy_id in (1, 2);
      update migration.accounts set state = 'removing' where legacy_id = 3;
      update migration.accounts set made_by = null, password = null where legacy_id = 4;
      update migration.accounts set reason = 'inactive' where legacy_id in (5, 6)`);
    const gone = { appMetadata: {} };
    server.alter(ids.get(4) ?? "", gone);
    server.alter(ids.get(5) ?? "", gone);
    const { url } = server;
    const admin = openAuthAdmin({ url, serviceRoleKey: SERVICE_ROLE_KEY, timeoutMs: 5_000 });
    for (const key of [1, 3, 6]) await admin.remove(ids.get(key) ?? "");
    expect(await verified()).toEqual({ said: [], accounts: { items: ROWS - 3, pending: 3 } });
  });

  it("says that they are not verified where nobody may ask, or Supabase Auth does not answer", async () => {
    await makeAccounts();
    server.change({ faults: { list: [{ fault: "bad-key" }] } });
    expect(await verified()).toEqual({ said: [], accounts: { code: "http_401" } });
    deps = { ...deps, admin: undefined };
    expect(await verified()).toEqual({ said: [], accounts: { code: "off" } });
  });

  it("asks again while Supabase Auth is away, or wants to be left alone", async () => {
    await makeAccounts();
    const faults = [
      { fault: "done-but-malformed", calls: 1 },
      { fault: "over-limit", calls: 1 },
      { fault: "bad-gateway", calls: 1 },
    ] as const;
    server.change({ faults: { list: [...faults] } });
    expect(await verified()).toEqual({ said: [], accounts: { items: ROWS, pending: 0 } });
  });

  it("does not look at a part of the profiles, or at other entities", async () => {
    await makeAccounts();
    expect(await verified({ range: { from: 1, to: 5 } })).toEqual({ said: [], accounts: null });
    expect(server.calls("list")).toBe(0);
  });
});

/** Of nobody's profile. */
const STRANGER = "886313e1-3b8a-5372-9b90-0c9aee199e5d";
