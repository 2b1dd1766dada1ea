/** `nexus accounts`, and what other commands say of accounts, against a real API on a real ledger. */
import { eventually } from "@nexus/shared/testing";
import { beforeEach, expect, it } from "vitest";
import { type ApiToCommand, apiToCommand, blockedRun } from "./nexus.fixture.ts";

let api: ApiToCommand;
beforeEach(async (context) => {
  api = await apiToCommand(context);
});

/** Of run 1: five users, one of each kind; the last has a key beyond integer. */
async function decided(): Promise<void> {
  await api.target.query(
    `update migration.runs set accounts = true;
     insert into migration.account_decisions (run_id, before_profiles, users, counts) values (1, false, 5, '{"account": 3, "shared_address": 1, "inactive": 1}');
     insert into migration.accounts (legacy_id, profile_id, run_id, reason, holder, state, code, made_by, password, settled_at) values
       (1, gen_random_uuid(), 1, null, null, 'done', null, 1, 'imported', now()), (2, gen_random_uuid(), 1, null, null, 'due', null, null, null, null),
       (4, gen_random_uuid(), 1, 'shared_address', 1, 'none', null, null, null, null),
       (7, gen_random_uuid(), 1, 'inactive', null, 'done', null, null, null, now()),
       (3000000000, null, 1, null, null, 'refused', 'address_taken', null, null, now())`,
  );
}

it("accounts: says that nobody asked, or how far they are", async () => {
  expect((await api.run("accounts")).stdout).toMatch(/^no run has asked for accounts .*\n$/);
  await blockedRun(api.target);
  await decided();
  expect((await api.run("accounts")).stdout.split("\n")).toEqual([
    "accounts of Supabase Auth, since run 1: being made",
    "3 of 5 users are to have one: 1 are there, 1 are due, 1 are refused",
    "none for inactive 1, shared_address 1 (nexus accounts exceptions)",
    "refused address_taken 1 (nexus accounts exceptions --state refused)",
    "there, and not wanted any more: 1 (nexus accounts exceptions --state unwanted)",
    "passwords of those that were made: imported 1",
    "",
  ]);
  expect(await api.json("accounts")).toMatchObject({ status: "making", wanted: 3, due: 1 });
});

it("accounts exceptions: lists keys and reasons, filtered and page by page", async () => {
  await blockedRun(api.target);
  await decided();
  const { stdout } = await api.run("accounts exceptions --limit 2");
  expect(stdout).toMatch(
    /^user +state +reason +holder +decided by +run +profile\n4 +none +shared_address +1 +person +1 +\S+\n7 +unwanted +inactive .*\nshared_address: the address of .*\ninactive: .*\nmore: add --cursor/,
  );
  const [, cursor = ""] = /--cursor (\S+)/.exec(stdout) ?? [];
  expect(await api.json(`accounts exceptions --limit 2 --cursor ${cursor}`)).toMatchObject({
    items: [{ legacyId: 3_000_000_000, state: "refused", profileId: null }],
    next: null,
  });
  expect(await api.json("accounts exceptions --state unwanted")).toMatchObject({
    items: [{ legacyId: 7 }],
  });
  expect(await api.json("accounts exceptions --decided-by rule")).toEqual({
    items: [],
    next: null,
  });
  expect((await api.run("accounts exceptions --because nothing")).stdout).toBe(
    "No user is without an account for that\n",
  );
});

it("accounts requeue: tries refused ones again, once, with the reason on record", async () => {
  await blockedRun(api.target);
  await decided();
  await api.target.query("update migration.accounts set profile_id = gen_random_uuid()");
  expect(await api.json("accounts requeue --users 4,7")).toEqual({ accounts: 0 });
  const line = "accounts requeue --because address_taken --users 3000000000 --reason freed";
  expect((await api.run(line)).stdout).toBe("1 accounts are tried again\n");
  expect((await api.run(line)).stdout).toBe(
    "no account is refused like that: nothing was changed\n",
  );
  expect((await api.run("audit --action requeue_accounts")).stdout).toContain("freed");
  expect((await api.run("accounts requeue --users 1,x")).code).toBe(2);
  expect((await api.run("accounts invent")).code).toBe(2);
});

it("status shows a row for them where a run has asked", async () => {
  await blockedRun(api.target);
  expect((await api.run("status")).stdout).not.toContain("accounts");
  await decided();
  expect((await api.run("status")).stdout).toContain(
    "\naccounts: 1 are there, 1 are due, 1 are refused (nexus accounts)\n",
  );
  await api.target.query(
    "update migration.accounts set settled_at = settled_at - interval '1 h'; update migration.account_decisions set decided_at = now() - interval '1 h'",
  );
  expect((await api.run("status")).stdout).toMatch(
    /^accounts STAND STILL: 1 accounts are due, and none has been made for 3,6\d\d s \(nexus accounts\)$/m,
  );
});

it("start --wait says what is still due when the load has ended", async () => {
  const waiting = api.runProcess("start --entities practices --wait");
  await eventually(
    async () => (await api.target.query("select from migration.runs")).rowCount === 1,
  );
  await decided();
  await api.target.query(
    `update migration.run_entities set status = 'complete', settled_at = now();
     update migration.runs set status = 'completed', finished_at = now()`,
  );
  const { code, stdout } = await waiting;
  expect([code, stdout]).toEqual([0, expect.stringContaining("accounts: 1 are there, 1 are due")]);
});
