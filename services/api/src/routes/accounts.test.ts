import type { Pool } from "@nexus/shared/database";
import { beforeEach, describe, expect, it } from "vitest";
import { type ApiUnderTest, apiUnderTest } from "../api.fixture.ts";

/** Beyond what a JavaScript number holds, and beyond integer. */
const HUGE = "9007199254740993";
const LARGE = 4_000_000_000;

let api: ApiUnderTest;
beforeEach(async (context) => {
  api = await apiUnderTest(context);
});

/** Nine users: 1 and 2 have an account, 3 is due, 4 waits, 5 and a huge id are refused, 6 to 8 get none, 9 had one. */
async function seed(target: Pool): Promise<void> {
  await target.query(
    `insert into migration.runs (status, embeddings, accounts) values ('completed', false, true);
     insert into migration.account_decisions (run_id, before_profiles, users, counts)
       values (1, false, 10, '{"account": 6, "no_address": 1, "shared_address": 1, "case_variant": 1, "inactive": 1}');
     insert into migration.accounts (legacy_id, profile_id, run_id, reason, holder, state, code, made_by, password, attempts, due_at, settled_at) values
       (1, gen_random_uuid(), 1, null, null, 'done', null, 1, 'imported', 1, null, now()),
       (2, gen_random_uuid(), 1, null, null, 'done', null, null, null, 1, null, now()),
       (3, gen_random_uuid(), 1, null, null, 'due', null, null, null, 0, null, null),
       (4, gen_random_uuid(), 1, null, null, 'due', null, null, null, 2, now() + interval '1 h', null),
       (5, gen_random_uuid(), 1, null, null, 'refused', 'address_taken', null, null, 3, null, now()),
       (6, null, 1, 'no_address', null, 'none', null, null, null, 0, null, null),
       (7, gen_random_uuid(), 1, 'shared_address', 1, 'none', null, null, null, 0, null, null),
       (${LARGE}, gen_random_uuid(), 1, 'case_variant', ${HUGE}, 'none', null, null, null, 0, null, null),
       (9, gen_random_uuid(), 1, 'inactive', null, 'done', null, 1, 'imported', 1, null, now()),
       (${HUGE}, gen_random_uuid(), 1, null, null, 'refused', 'validation_failed', null, null, 5, null, now())`,
  );
}

const keysOf = ({ body }: { body: Record<string, unknown> }): unknown[] =>
  (Array.isArray(body["items"]) ? body["items"] : []).map(({ legacyId }) => legacyId);

describe("/v1/accounts", () => {
  it("is off until a run asks for accounts, and progress says nothing of them", async () => {
    expect((await api.get("/v1/accounts")).body).toEqual({
      status: "off",
      pausedBecause: null,
      runId: null,
      users: 0,
      wanted: 0,
      none: {},
      due: 0,
      done: 0,
      made: 0,
      refused: {},
      unwanted: 0,
      removing: 0,
      passwords: {},
      stalled: null,
    });
    expect((await api.get("/v1/progress")).body).toMatchObject({ accounts: null });
    await api.target.query(
      "insert into migration.runs (status, embeddings) values ('completed', false)",
    );
    expect((await api.get("/v1/progress")).body).toMatchObject({ accounts: null });
  });

  it("counts what became of whom; progress has the same as a row of its own", async () => {
    await seed(api.target);
    const { body } = await api.get("/v1/accounts");
    expect(body).toEqual({
      status: "making",
      pausedBecause: null,
      runId: 1,
      users: 10,
      wanted: 6,
      due: 2,
      done: 2,
      none: { no_address: 1, shared_address: 1, case_variant: 1, inactive: 1 },
      made: 1,
      refused: { address_taken: 1, validation_failed: 1 },
      unwanted: 1,
      removing: 0,
      passwords: { imported: 2 },
      stalled: null,
    });
    expect((await api.get("/v1/progress")).body).toMatchObject({ accounts: body });
  });

  it("says that they stand still", async () => {
    await seed(api.target);
    await api.target.query(
      `update migration.accounts set settled_at = settled_at - interval '1 h';
       update migration.account_decisions set decided_at = decided_at - interval '2 h'`,
    );
    expect((await api.get("/v1/accounts")).body).toMatchObject({
      stalled: {
        of: "accounts",
        seconds: 3_600,
        says: "2 accounts are due, and none has been made for 3,600 s",
      },
    });
  });
});

describe("/v1/accounts/exceptions", () => {
  it("lists who has none and who decides, page by page, in the order of the keys", async () => {
    await seed(api.target);
    const first = await api.get("/v1/accounts/exceptions?limit=4");
    expect(keysOf(first)).toEqual([5, 6, 7, 9]);
    expect(first.body["items"]).toMatchObject([
      { state: "refused", reason: "address_taken", decidedBy: "person", holder: null, attempts: 3 },
      {
        state: "none",
        reason: "no_address",
        decidedBy: "rule",
        profileId: null,
        says: "no address",
      },
      { state: "none", reason: "shared_address", decidedBy: "person", holder: 1, runId: 1 },
      { state: "unwanted", reason: "inactive", decidedBy: "person" },
    ]);
    const next = await api.get(
      `/v1/accounts/exceptions?limit=4&cursor=${String(first.body["next"])}`,
    );
    expect(next.body).toMatchObject({
      items: [
        { legacyId: LARGE, reason: "case_variant", holder: HUGE },
        {
          legacyId: HUGE,
          reason: "validation_failed",
          says: "Supabase Auth says validation_failed",
        },
      ],
      next: null,
    });
  });

  it.each([
    ["state=refused", [5, HUGE]],
    ["state=unwanted", [9]],
    ["state=none&decidedBy=rule", [6]],
    ["decidedBy=person", [5, 7, 9, LARGE, HUGE]],
    ["reason=case_variant", [LARGE]],
    ["reason=address_taken", [5]],
    ["reason=nothing", []],
  ])("filters: %s", async (query, keys) => {
    await seed(api.target);
    expect(keysOf(await api.get(`/v1/accounts/exceptions?${query}`))).toEqual(keys);
  });

  it("lists who is not wanted any more, and was refused, among those", async () => {
    await seed(api.target);
    await api.target.query("update migration.accounts set reason = 'inactive' where legacy_id = 5");
    expect(keysOf(await api.get("/v1/accounts/exceptions?state=unwanted"))).toEqual([5, 9]);
    expect((await api.get("/v1/accounts")).body).toMatchObject({
      unwanted: 2,
      refused: { validation_failed: 1 },
    });
    expect((await api.get("/v1/report")).body).toMatchObject({
      accounts: {
        unwanted: 2,
        reasons: {
          rows: expect.arrayContaining([
            { kind: "unwanted", reason: "inactive", users: 2, says: "not active in the source" },
          ]),
        },
      },
    });
  });

  it("refuses what it does not know", async () => {
    for (const query of ["state=done", "decidedBy=me", "reason=a%20b", "limit=0", "cursor=x"])
      expect((await api.get(`/v1/accounts/exceptions?${query}`)).status, query).toBe(400);
  });
});

describe("POST /v1/accounts/requeue", () => {
  const requeue = (body: object) => api.post("/v1/accounts/requeue", body);
  const states = async () =>
    (
      await api.target.query(
        `select legacy_id, state, code, attempts, due_at <= now() as due from migration.accounts where legacy_id in (3, 4, 5, ${HUGE}) order by 1`,
      )
    ).rows;

  it("makes refused ones due with all their attempts, once, with the reason on record", async () => {
    await seed(api.target);
    const body = { scope: "refused", reason: "the addresses are free" };
    expect(await requeue(body)).toMatchObject({ status: 200, body: { accounts: 2 } });
    expect(await requeue(body)).toMatchObject({ status: 200, body: { accounts: 0 } });
    expect(await states()).toEqual([
      { legacy_id: 3, state: "due", code: null, attempts: 0, due: null },
      { legacy_id: 4, state: "due", code: null, attempts: 2, due: false },
      { legacy_id: 5, state: "due", code: null, attempts: 0, due: true },
      { legacy_id: HUGE, state: "due", code: null, attempts: 0, due: true },
    ]);
    const { rows } = await api.target.query(
      "select actor, reason, details from migration.audit_log where action = 'requeue_accounts'",
    );
    expect(rows).toEqual([
      {
        actor: "unverified:sam@clinic",
        reason: "the addresses are free",
        details: '{"scope": "refused", "accounts": 2}',
      },
    ]);
  });

  it("takes only those that were asked for, and passes over all others", async () => {
    await seed(api.target);
    const ids = { legacyIds: [1, 6, LARGE, "9223372036854775807", HUGE] };
    expect((await requeue({ scope: "refused", ...ids })).body).toEqual({ accounts: 1 });
    expect((await requeue({ scope: "refused", because: "address_taken" })).body).toEqual({
      accounts: 1,
    });
  });

  it("tries those at once that wait for their next attempt", async () => {
    await seed(api.target);
    expect((await requeue({ scope: "waiting" })).body).toEqual({ accounts: 1 });
    expect((await states())[1]).toMatchObject({ legacy_id: 4, attempts: 2, due: true });
  });

  it("leaves refused ones alone that are not wanted any more, or have no profile", async () => {
    await seed(api.target);
    await api.target.query(
      "update migration.accounts set reason = 'inactive' where legacy_id = 5; update migration.accounts set profile_id = null where state = 'refused'",
    );
    expect((await requeue({ scope: "refused" })).body).toEqual({ accounts: 0 });
  });

  it.each([
    {},
    { scope: "all" },
    { scope: "waiting", because: "address_taken" },
    { scope: "refused", legacyIds: [] },
    { scope: "refused", legacyIds: ["9223372036854775808"] },
    { scope: "refused", legacyIds: [1.5] },
    { scope: "refused", legacyIds: ["x"] },
    { scope: "refused", emails: ["a"] },
  ])("refuses %j", async (body) => {
    expect((await requeue(body)).status).toBe(400);
  });
});
