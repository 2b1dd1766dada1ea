/** Answers of Supabase Auth that say less than they seem to. */
import { ledgerId } from "@nexus/shared/ledger";
import { seedRun } from "@nexus/shared/testing";
import { expect, it } from "vitest";
import { uuid } from "./accounts.fixture.ts";
import { stageUnderTest } from "./stage.fixture.ts";

it("knows an account again whose creation was late, in the name of a run that was taken back", async (context) => {
  const stage = await stageUnderTest(context, 1);
  const deps = await stage.loader();
  const early = stage.runId;
  const runId = await seedRun(stage.target, { status: "completed", entities: {} });
  await stage.target.query("update migration.runs set accounts = true");
  await stage.target.query("update migration.accounts set run_id = $1, asked_at = now()", [runId]);
  const rights = { practiceId: uuid(500), role: "doctor" };
  const late = { id: uuid(1), email: "user.1@clinic.example", passwordHash: null, runId: early };
  const ledger = await ledgerId(stage.target);
  await deps.admin.create({ ...late, ...rights, ledger });
  await stage.work(({ due }) => due === 0);
  expect(await stage.row(1, "state, made_by, role")).toEqual({
    state: "done",
    made_by: early,
    role: "doctor",
  });
});

it("takes no account for ours whose run nobody knows", async (context) => {
  const stage = await stageUnderTest(context, 1);
  await stage.target.query("update migration.accounts set asked_at = now()");
  const { admin } = await stage.loader();
  const rights = { practiceId: null, role: "doctor" };
  const other = { id: uuid(1), email: "a@clinic.example", passwordHash: null, runId: 4_000_000 };
  const ledger = await ledgerId(stage.target);
  await admin.create({ ...other, ...rights, ledger });
  await stage.work();
  expect(await stage.row(1, "state, made_by")).toEqual({ state: "done", made_by: null });
});

it("has somebody else probe after an answer that nobody foresaw", async (context) => {
  const stage = await stageUnderTest(context, 12, {
    faults: { create: [{ fault: "not-admin", calls: 1 }] },
  });
  await stage.work(({ done }) => done > 0);
  // Who got that answer waits, however low his key is.
  const first = stage.server.users()[0]?.id;
  const { rows } = await stage.target.query<{ id: string }>(
    "select profile_id::text as id from migration.accounts where due_at > now()",
  );
  expect(rows).toHaveLength(1);
  expect(rows[0]?.id).not.toBe(first);
  expect(await stage.work()).toMatchObject({ done: 12, refused: {} });
});

it("does not take for well what finds somebody, and cannot create", async (context) => {
  const stage = await stageUnderTest(context, 2);
  const deps = await stage.loader();
  const told = "made_by = run_id, asked_at = now(), role = 'patient'";
  await stage.target.query(`update migration.accounts set ${told} where legacy_id = 2`);
  stage.server.signUp({ id: uuid(2), email: "user.2@clinic.example" });
  await stage.target.query("update migration.accounts set due_at = 'infinity' where legacy_id = 1");
  await stage.work(({ done }) => done === 1, [deps]);
  expect(stage.server.calls("get")).toBeGreaterThan(0);
  expect(deps.health.answeredAt).toBe(-Infinity);
  await stage.target.query("update migration.accounts set due_at = null where legacy_id = 1");
  await stage.work(undefined, [deps]);
  expect(deps.health.answeredAt).toBeGreaterThan(0);
});

it("keeps what became of the password that an earlier attempt has sent", async (context) => {
  const faults = { create: [{ fault: "done-but-reset" as const, calls: 1 }] };
  const stage = await stageUnderTest(context, 1, { faults });
  await stage.legacy.query("update auth_user set password = 'pbkdf2_sha256$260000$salt$aGFzaA=='");
  await stage.work(() => stage.server.users().length === 1);
  await stage.legacy.query("update auth_user set password = 'bcrypt$$2b$12$' || rpad('', 53, 'a')");
  await stage.work();
  expect(stage.server.users()).toMatchObject([{ passwordHash: null }]);
  expect(await stage.row(1, "state, password")).toEqual({
    state: "done",
    password: "password_pbkdf2",
  });
});

it("keeps what the last attempt has sent if the one before it has created nobody", async (context) => {
  const faults = { create: [{ fault: "unavailable" as const, calls: 1 }] };
  const stage = await stageUnderTest(context, 1, { faults });
  await stage.legacy.query("update auth_user set password = 'pbkdf2_sha256$260000$salt$aGFzaA=='");
  await stage.work(() => stage.server.calls("create") === 1);
  await stage.legacy.query("update auth_user set password = 'bcrypt$$2b$12$' || rpad('', 53, 'a')");
  await stage.work();
  expect(await stage.row(1, "state, password")).toEqual({ state: "done", password: "imported" });
});

it.for([
  { whose: "another ledger", ledger: { migration_ledger: uuid(77) } },
  { whose: "an older release, which named no ledger", ledger: {} },
])("leaves alone who was there by a run of that number of $whose", async ({ ledger }, context) => {
  const stage = await stageUnderTest(context, 1);
  stage.server.signUp({ id: uuid(1), email: "user.1@clinic.example" });
  const former = { practice_id: uuid(900), role: "admin", migration_run: stage.runId, ...ledger };
  stage.server.alter(uuid(1), { appMetadata: former });
  await stage.work();
  expect(await stage.row(1, "state, made_by, role, password")).toEqual({
    state: "done",
    made_by: null,
    role: null,
    password: null,
  });
  await stage.target.query("update migration.accounts set state = 'removing', due_at = null");
  await stage.work(({ removing }) => removing === 0);
  expect(stage.server.users()).toMatchObject([{ id: uuid(1), appMetadata: former }]);
});

it("keeps to its own an account that an older release made, and the ledger recorded", async (context) => {
  const stage = await stageUnderTest(context, 1);
  stage.server.signUp({ id: uuid(1), email: "user.1@clinic.example" });
  const former = { practice_id: uuid(900), role: "admin", migration_run: stage.runId };
  stage.server.alter(uuid(1), { appMetadata: former });
  await stage.target.query("update migration.accounts set made_by = run_id, asked_at = now()");
  await stage.work();
  expect(await stage.row(1, "state, made_by, role")).toEqual({
    state: "done",
    made_by: stage.runId,
    role: "doctor",
  });
  await stage.target.query("update migration.accounts set state = 'removing', due_at = null");
  await stage.work(({ removing }) => removing === 0);
  expect(stage.server.users()).toEqual([]);
});

it.for([
  { what: "tells it its rights", state: "due", left: 1 },
  { what: "takes it back with its run", state: "removing", left: 0 },
])(
  "knows an account for its own that an older release asked for, and did not record: $what",
  async ({ state, left }, context) => {
    const stage = await stageUnderTest(context, 1);
    stage.server.signUp({ id: uuid(1), email: "user.1@clinic.example" });
    const former = { practice_id: uuid(900), role: "admin", migration_run: stage.runId };
    stage.server.alter(uuid(1), { appMetadata: former });
    await stage.target.query("update migration.accounts set asked_at = now(), state = $1", [state]);
    await stage.work(({ due, removing }) => due + removing === 0);
    expect(stage.server.users()).toHaveLength(left);
    expect(await stage.row(1, "state, made_by, role")).toEqual(
      left === 0 ? undefined : { state: "done", made_by: stage.runId, role: "doctor" },
    );
  },
);

it("leaves alone who names no ledger where only this release has asked for an account", async (context) => {
  const faults = { create: [{ fault: "unavailable" as const, calls: 1 }] };
  const stage = await stageUnderTest(context, 1, { faults });
  await stage.work(() => stage.server.calls("create") === 1);
  stage.server.signUp({ id: uuid(1), email: "user.1@clinic.example" });
  stage.server.alter(uuid(1), { appMetadata: { migration_run: stage.runId } });
  await stage.work();
  expect(await stage.row(1, "state, made_by")).toEqual({ state: "done", made_by: null });
});
