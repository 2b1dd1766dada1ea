/** What requeuing an account makes of it beyond its state. */
import { beforeEach, expect, it } from "vitest";
import { type ApiUnderTest, apiUnderTest } from "../api.fixture.ts";

let api: ApiUnderTest;
beforeEach(async (context) => {
  api = await apiUnderTest(context);
  await api.target.query(
    "insert into migration.runs (status, embeddings, accounts) values ('completed', false, true)",
  );
});

const seed = (code: string): Promise<unknown> =>
  api.target.query(
    `insert into migration.accounts (legacy_id, profile_id, run_id, state, code, made_by, password, role, asked_at)
     select n, gen_random_uuid(), 1, 'refused', $1, 1, 'password_pbkdf2', 'doctor', now() from generate_series(1, 2) n`,
    [code],
  );

const requeue = () => api.post("/v1/accounts/requeue", { scope: "refused", legacyIds: [1] });

async function row(): Promise<unknown> {
  const { rows } = await api.target.query(
    `select state, code, made_by, password, role, practice_id, asked_at is not null as asked from migration.accounts where legacy_id = 1`,
  );
  return rows[0];
}

const KEPT = {
  state: "due",
  code: null,
  made_by: 1,
  password: "password_pbkdf2",
  role: "doctor",
  practice_id: null,
  asked: true,
};

it("has an account that somebody deleted made anew, and invited anew", async () => {
  await seed("account_gone");
  await api.target.query(
    `insert into migration.account_invitations (legacy_id, made_by, method, state) select legacy_id, 1, 'recovery', 'sent' from migration.accounts`,
  );
  expect((await requeue()).body).toEqual({ accounts: 1 });
  expect(await row()).toEqual({ ...KEPT, made_by: null, password: null, role: null, asked: false });
  const { rows } = await api.target.query("select legacy_id from migration.account_invitations");
  expect(rows).toEqual([{ legacy_id: 2 }]);
});

it("keeps what is known of any other", async () => {
  await seed("unexpected_failure");
  expect((await requeue()).body).toEqual({ accounts: 1 });
  expect(await row()).toEqual(KEPT);
});

it("has one removed that a rollback could not take back, unless a newer run may have use for it", async () => {
  await seed("not_removed");
  await api.target.query("update migration.runs set status = 'rolled_back'");
  expect((await requeue()).body).toEqual({ accounts: 1 });
  expect(await row()).toEqual({ ...KEPT, state: "removing" });
  await api.target.query(
    `update migration.accounts set state = 'refused', code = 'not_removed';
     insert into migration.runs (status, embeddings, accounts) values ('completed', false, true)`,
  );
  expect((await requeue()).body).toEqual({ accounts: 1 });
  expect(await row()).toEqual(KEPT);
});
