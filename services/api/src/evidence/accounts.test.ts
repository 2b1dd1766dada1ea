import { contract } from "@nexus/contract";
import { seedRun } from "@nexus/shared/testing";
import { beforeEach, expect, it } from "vitest";
import { type ApiUnderTest, apiUnderTest } from "../api.fixture.ts";

const answer = contract["POST /v1/evidence"].response[200];

let api: ApiUnderTest;
beforeEach(async (context) => {
  api = await apiUnderTest(context);
  await seedRun(api.target, {
    status: "completed",
    entities: { profiles: { status: "complete" } },
  });
});

async function evidence() {
  const made = answer.parse((await api.post("/v1/evidence")).body);
  const codes = made.evidence.refusals.map(({ code }) => code);
  return { ...made, codes: codes.filter((code) => code.startsWith("accounts")) };
}

it("says nothing of accounts where no run asks for any", async () => {
  const { evidence: told, codes } = await evidence();
  expect([told.accounts, codes]).toEqual([null, []]);
});

it("is not signed off while accounts are not as they should be, and says why", async () => {
  await api.target.query("update migration.runs set accounts = true");
  expect((await evidence()).codes).toEqual(["accounts_undecided"]);
  await api.target.query(
    `insert into migration.account_decisions (run_id, before_profiles, users, counts) values (1, false, 6, '{"account": 4, "inactive": 2}');
     insert into migration.accounts (legacy_id, profile_id, run_id, reason, state, code, made_by) values
       (1, gen_random_uuid(), 1, null, 'done', null, 1), (2, gen_random_uuid(), 1, null, 'due', null, null),
       (3, gen_random_uuid(), 1, null, 'refused', 'address_taken', null), (4, gen_random_uuid(), 1, 'inactive', 'done', null, 1),
       (5, gen_random_uuid(), 1, 'inactive', 'none', null, null)`,
  );
  const { evidence: told, html, codes } = await evidence();
  expect(codes).toEqual(["accounts_refused", "accounts_unwanted", "accounts_due", "accounts_open"]);
  expect(told.accounts).toMatchObject({
    users: 5,
    wanted: 3,
    without: 2,
    due: 1,
    done: 1,
    made: 1,
    refused: 1,
    unwanted: 1,
    looked: 6,
    unaccounted: 1,
    reasons: {
      rows: [
        { kind: "none", reason: "inactive", users: 1, says: "not active in the source" },
        { kind: "refused", reason: "address_taken", users: 1 },
        { kind: "unwanted", reason: "inactive", users: 1 },
      ],
    },
  });
  for (const { says } of told.refusals) expect(html).toContain(says);
  expect(html).toContain("Accounts of Supabase Auth, all runs");
});

it("is not refused for accounts that are all there, and the same state gives the same digest", async () => {
  await api.target.query(
    `update migration.runs set accounts = true;
     insert into migration.account_decisions (run_id, before_profiles, users, counts) values (1, false, 1, '{"account": 1}');
     insert into migration.accounts (legacy_id, profile_id, run_id, state, made_by, password) values (1, gen_random_uuid(), 1, 'done', 1, 'imported')`,
  );
  const first = await evidence();
  expect(first.codes).toEqual([]);
  expect(first.evidence.accounts).toMatchObject({ unmet: [], unaccounted: 0 });
  expect((await evidence()).sha256).toBe(first.sha256);
});

it("closes the sum over what any run has decided, without who is gone", async () => {
  const later = await seedRun(api.target, {
    status: "completed",
    entities: { profiles: { status: "complete" } },
  });
  await api.target.query(
    `update migration.runs set accounts = true;
     insert into migration.accounts (legacy_id, profile_id, run_id, reason, state) values
       (1, gen_random_uuid(), 1, null, 'done'), (2, gen_random_uuid(), 1, 'inactive', 'none'), (3, gen_random_uuid(), 1, 'gone', 'none'),
       (4, gen_random_uuid(), ${later}, null, 'done');
     insert into migration.account_decisions (run_id, before_profiles, users, counts) values
       (1, false, 3, '{"account": 1, "inactive": 2}'), (${later}, false, 3, '{"account": 2, "inactive": 1}')`,
  );
  expect((await evidence()).evidence.accounts).toMatchObject({ looked: 3, unaccounted: 0 });
  await api.target.query(
    "update migration.account_decisions set users = 5, before_profiles = true where run_id = $1",
    [later],
  );
  expect((await evidence()).evidence.accounts).toMatchObject({ looked: 5, unaccounted: 2 });
});
