import { FAULT_NAMES } from "@nexus/local/auth";
import { ledgerId } from "@nexus/shared/ledger";
import { expect, it } from "vitest";
import { HASH, uuid } from "./accounts.fixture.ts";
import { stageUnderTest } from "./stage.fixture.ts";

const DONE = { state: "done", code: null, claimed: false };
const STATE = "state, code, claimed_until is not null as claimed";

it("makes each account once, with two loaders at it", async (context) => {
  const stage = await stageUnderTest(context, 50);
  const loaders = [await stage.loader(), await stage.loader()];
  expect(await stage.work(undefined, loaders)).toMatchObject({
    done: 50,
    made: 50,
    passwords: { imported: 50 },
  });
  expect(stage.server.calls("create")).toBe(50);
  expect(
    stage.server
      .users()
      .map(({ id }) => id)
      .toSorted(),
  ).toEqual(Array.from({ length: 50 }, (_, n) => uuid(n + 1)));
  expect(stage.server.users()[0]).toMatchObject({
    email: expect.stringMatching(/^user\.\d+@clinic\.example$/),
    passwordHash: HASH,
    appMetadata: {
      practice_id: uuid(500),
      role: "doctor",
      migration_run: stage.runId,
      migration_ledger: await ledgerId(stage.target),
    },
  });
  expect(await stage.row(1, `${STATE}, practice_id, role, made_by`)).toEqual({
    ...DONE,
    practice_id: uuid(500),
    role: "doctor",
    made_by: stage.runId,
  });
});

it.for(FAULT_NAMES)("makes it once in spite of %s", async (fault, context) => {
  const stage = await stageUnderTest(context, 3, {
    lateMs: 50,
    faults: { create: [{ fault, every: 2, calls: 4 }] },
  });
  expect(await stage.work()).toMatchObject({ done: 3, refused: {} });
  expect(
    stage.server
      .users()
      .map(({ id }) => id)
      .toSorted(),
  ).toEqual([1, 2, 3].map(uuid));
});

it("refuses whose address somebody else has, and links nobody", async (context) => {
  const stage = await stageUnderTest(context, 2);
  stage.server.signUp({ id: uuid(900), email: "user.1@clinic.example" });
  expect(await stage.work()).toMatchObject({ done: 1, refused: { address_taken: 1 } });
  expect(await stage.row(1, STATE)).toEqual({ ...DONE, state: "refused", code: "address_taken" });
  expect(stage.server.users().map(({ id }) => id)).toEqual([uuid(900), uuid(2)]);
});

it("leaves as it is whoever was there before with the profile's id", async (context) => {
  const stage = await stageUnderTest(context, 1);
  stage.server.signUp({ id: uuid(1), email: "old@clinic.example" });
  expect(await stage.work()).toMatchObject({ done: 1, made: 0, passwords: {} });
  expect(stage.server.users()).toMatchObject([{ email: "old@clinic.example", appMetadata: {} }]);
});

it("gives up one that breaks Supabase Auth each time, and nobody else", async (context) => {
  const faults = { create: [{ fault: "database-error" as const, every: 3 }] };
  const stage = await stageUnderTest(context, 9, { faults });
  const { done, refused } = await stage.work();
  expect(done + (refused["unexpected_failure"] ?? 0)).toBe(9);
  expect(stage.server.users()).toHaveLength(done);
});

it("counts no attempt while nobody is answered", async (context) => {
  const faults = { create: [{ fault: "unavailable" as const, calls: 16 }] };
  const stage = await stageUnderTest(context, 2, { faults });
  expect(await stage.work()).toMatchObject({ done: 2, refused: {} });
});

it("has everybody wait as long as a refusal says, and for a person where it says so", async (context) => {
  const stage = await stageUnderTest(context, 3, {
    faults: {
      create: [
        { fault: "bad-key", calls: 1 },
        { fault: "rate-limited", calls: 1 },
      ],
    },
  });
  await stage.work(({ status }) => status === "paused");
  const { rows } = await stage.target.query(
    "select pause_reason, pause_code from migration.rate_budget where model = 'accounts'",
  );
  expect(rows).toEqual([{ pause_reason: "stopped", pause_code: "http_401" }]);
  expect(await stage.work()).toMatchObject({ done: 3, refused: {} });
});

it("asks by id whether there is one where somebody may have been created", async (context) => {
  const faults = { create: [{ fault: "done-but-silent" as const, calls: 2 }] };
  const stage = await stageUnderTest(context, 2, { faults });
  expect(await stage.work()).toMatchObject({ done: 2, made: 2 });
  expect(stage.server.calls("create")).toBe(2);
  expect(stage.server.users()).toHaveLength(2);
});

it("tells an account what its profile says by now, where an earlier attempt told it otherwise", async (context) => {
  const faults = { create: [{ fault: "done-but-reset" as const, calls: 1 }] };
  const stage = await stageUnderTest(context, 1, { faults });
  await stage.work(() => stage.server.users().length === 1);
  await stage.target.query("update public.profiles set role = 'admin'");
  expect(await stage.work()).toMatchObject({ done: 1, made: 1 });
  expect(stage.server.users()).toMatchObject([{ appMetadata: { role: "admin" } }]);
  expect(await stage.row(1, "role")).toEqual({ role: "admin" });
});

it("makes no account that somebody deleted again", async (context) => {
  const stage = await stageUnderTest(context, 1);
  await stage.target.query("update migration.accounts set made_by = run_id, role = 'patient'");
  expect(await stage.work()).toMatchObject({ refused: { account_gone: 1 } });
  expect(stage.server.users()).toEqual([]);
});

it.for([
  ["is no longer active", "update auth_user set is_active = null where id = 1"],
  ["is gone", "delete from auth_user where id = 1"],
  ["has no address any more", "update auth_user set email = ' ' where id = 1"],
  ["has another's address", "update auth_user set email = 'USER.2@clinic.example' where id = 1"],
] as const)("creates nobody who %s: it is decided anew", async ([, change], context) => {
  const stage = await stageUnderTest(context, 2);
  await stage.target.query("update migration.accounts set state = 'done' where legacy_id = 2");
  await stage.legacy.query(change);
  const { done } = await stage.work(({ status }) => status !== "settled");
  expect(done).toBe(1);
  const { rows } = await stage.target.query("select from migration.account_decisions");
  expect(rows).toEqual([]);
  expect(stage.server.calls("create")).toBe(0);
  expect(await stage.row(1, "state, asked_at")).toEqual({ state: "due", asked_at: null });
});

it("creates whoever has a new address that nobody else has, or one that others yield", async (context) => {
  const stage = await stageUnderTest(context, 3);
  await stage.target.query(
    "update migration.accounts set state = 'none', reason = 'case_variant', holder = 1 where legacy_id = 2",
  );
  await stage.legacy.query(
    "update auth_user set email = upper('user.1@clinic.example') where id = 2",
  );
  await stage.legacy.query("update auth_user set email = 'new@clinic.example' where id = 3");
  expect(await stage.work()).toMatchObject({ done: 2, none: { case_variant: 1 } });
  expect(
    stage.server
      .users()
      .map(({ email }) => email)
      .toSorted(),
  ).toEqual(["new@clinic.example", "user.1@clinic.example"]);
});
