import { INVITATION_BUDGET, openBudget } from "@nexus/shared/ledger";
import { seedRun } from "@nexus/shared/testing";
import { beforeEach, describe, expect, it } from "vitest";
import { type ApiUnderTest, apiUnderTest } from "../api.fixture.ts";

let api: ApiUnderTest;
let runId: number;

beforeEach(async (context) => {
  api = await apiUnderTest(context);
  runId = await seedRun(api.target, { status: "completed", entities: {} });
});

/** Users 1 to 8: two with PBKDF2 and one with an old hash are to be invited, and nobody else. */
async function giveAccounts(): Promise<void> {
  await api.target.query(
    `insert into migration.accounts (legacy_id, profile_id, run_id, reason, state, code, made_by, password)
     select legacy_id, case when state <> 'none' then gen_random_uuid() end, $1::integer, reason, state, code, case when ours then $1::integer end, password
     from (values
       (1, null, 'done', null, true, 'password_pbkdf2'), (2, null, 'done', null, true, 'password_pbkdf2'),
       (3, null, 'done', null, true, 'password_outdated'), (4, null, 'done', null, true, 'imported'),
       (5, null, 'done', null, false, null), (6, 'inactive', 'done', null, true, 'password_pbkdf2'),
       (7, null, 'due', null, false, null), (8, 'no_address', 'none', null, false, null))
     as u (legacy_id, reason, state, code, ours, password)`,
    [runId],
  );
}

const settle = (sql: string) => api.target.query(`update migration.account_invitations ${sql}`);

describe("/v1/accounts/invitations", () => {
  it("counts whom an invitation would reach, by what is wrong with their passwords", async () => {
    expect((await api.get("/v1/accounts/invitations")).body).toEqual({
      toInvite: {},
      states: {},
      codes: {},
      pausedBecause: null,
      items: [],
      next: null,
    });
    await giveAccounts();
    expect((await api.get("/v1/accounts/invitations")).body).toMatchObject({
      toInvite: { password_pbkdf2: 2, password_outdated: 1 },
      states: {},
    });
    const { rowCount } = await api.target.query("select from migration.account_invitations");
    expect(rowCount).toBe(0);
  });

  it("invites them once, with who and why in the audit log", async () => {
    await giveAccounts();
    const asked = { method: "magiclink", reason: "the move" };
    for (const invited of [3, 0])
      expect(await api.post("/v1/accounts/invitations", asked)).toMatchObject({
        status: 200,
        body: { invited, again: 0 },
      });
    expect((await api.get("/v1/accounts/invitations?limit=2")).body).toMatchObject({
      toInvite: {},
      states: { due: 3 },
      items: [
        { legacyId: 1, method: "magiclink", state: "due", code: null, settledAt: null },
        { legacyId: 2 },
      ],
      next: expect.any(String),
    });
    const { rows } = await api.target.query(
      "select actor, action, reason, details from migration.audit_log order by id limit 1",
    );
    expect(rows).toMatchObject([
      { actor: "unverified:sam@clinic", action: "invite_accounts", reason: "the move" },
    ]);
  });

  it("invites the refused again, and the unsure only if that is said; the sent and the left never", async () => {
    await giveAccounts();
    const invite = async (more: object = {}) =>
      (await api.post("/v1/accounts/invitations", { method: "recovery", ...more })).body;
    expect(await invite()).toEqual({ invited: 3, again: 0 });
    await settle("set state = 'sent' where legacy_id = 1");
    await settle(
      "set state = 'unsure', intended_at = now(), mailed_before = 'then' where legacy_id = 2",
    );
    await settle("set state = 'refused', code = 'validation_failed' where legacy_id = 3");
    expect((await api.get("/v1/accounts/invitations?state=unsure")).body).toMatchObject({
      states: { sent: 1, unsure: 1, refused: 1 },
      codes: { validation_failed: 1 },
      items: [{ legacyId: 2, state: "unsure" }],
    });
    expect(await invite()).toEqual({ invited: 1, again: 1 });
    expect(await invite({ againUnsure: true })).toEqual({ invited: 1, again: 1 });
    const { rows } = await api.target.query(
      "select legacy_id, state, mailed_before from migration.account_invitations order by 1",
    );
    expect(rows).toEqual([
      { legacy_id: 1, state: "sent", mailed_before: null },
      { legacy_id: 2, state: "due", mailed_before: "then" },
      { legacy_id: 3, state: "due", mailed_before: null },
    ]);
    await settle("set state = 'left', code = 'signed_in'");
    expect(await invite({ againUnsure: true })).toEqual({ invited: 0, again: 0 });
  });

  it("invites anew whose account was taken back and made again", async () => {
    await giveAccounts();
    await api.post("/v1/accounts/invitations", { method: "recovery" });
    await settle("set state = 'sent'");
    const other = await seedRun(api.target, { status: "completed", entities: {} });
    await api.target.query("update migration.accounts set made_by = $1 where legacy_id = 1", [
      other,
    ]);
    expect((await api.post("/v1/accounts/invitations", { method: "recovery" })).body).toEqual({
      invited: 1,
      again: 0,
    });
  });

  it("says why no mail leaves, while one is to leave", async () => {
    await giveAccounts();
    const unlimited = { requestsPerMinute: null, tokensPerMinute: null, capUsd: null };
    await openBudget(api.target, { model: INVITATION_BUDGET, usdPer1kTokens: 0, ...unlimited });
    await api.target.query(
      `update migration.rate_budget set paused_at = now(), pause_reason = 'stopped', pause_code = 'email_provider_disabled',
         probe_at = now(), probe_delay = interval '1 s'`,
    );
    const because = async () => (await api.get("/v1/accounts/invitations")).body["pausedBecause"];
    expect(await because()).toBeNull();
    await api.post("/v1/accounts/invitations", { method: "recovery" });
    expect(await because()).toBe("email_provider_disabled");
  });

  it("does what one key asks for once, and wants a method", async () => {
    await giveAccounts();
    expect(await api.post("/v1/accounts/invitations", {})).toMatchObject({
      status: 400,
      body: { code: "invalid_request" },
    });
    const headers = { "idempotency-key": "once" };
    const payload = { method: "recovery" };
    const url = "/v1/accounts/invitations";
    const answers = [];
    for (let n = 0; n < 2; n += 1)
      answers.push((await api.app.inject({ method: "POST", url, headers, payload })).json());
    const invited = { invited: 3, again: 0 };
    expect(answers).toEqual([invited, invited]);
  });
});
