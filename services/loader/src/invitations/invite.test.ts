/** Nobody gets two mails, whatever is answered or not; who got none is listed. */
import { type FaultName, FAULT_NAMES } from "@nexus/local/auth";
import { type Dice, dice, eventually } from "@nexus/shared/testing";
import { describe, expect, it } from "vitest";
import { sendInvitations } from "./consume.ts";
import { addressOf, invitationsUnderTest, uuid } from "./invitations.fixture.ts";

it("sends each a link, to the address that the account has at Supabase", async (context) => {
  const redirectTo = "https://app.example/welcome";
  const test = await invitationsUnderTest(context);
  await test.invite(3);
  test.server.alter(uuid(2), { email: "changed@clinic.example" });
  const ended = await test.work([await test.loader({ redirectTo })]);
  expect(ended.map(({ state }) => state)).toEqual(["sent", "sent", "sent"]);
  expect(test.server.mails()).toMatchObject([
    { to: addressOf(1), kind: "recovery", redirectTo },
    { to: "changed@clinic.example", kind: "recovery", redirectTo },
    { to: addressOf(3), kind: "recovery", redirectTo },
  ]);
  expect(await test.work()).toEqual(ended);
  expect(test.mails()).toEqual({ 1: 1, 2: 1, 3: 1 });
});

it("sends links that sign in, and signs nobody up", async (context) => {
  const test = await invitationsUnderTest(context);
  await test.invite(2, "magiclink");
  await test.work();
  expect(test.server.mails()).toMatchObject([
    { to: addressOf(1), kind: "magiclink", redirectTo: null },
    { to: addressOf(2), kind: "magiclink", redirectTo: null },
  ]);
  expect(test.server.users()).toHaveLength(2);
});

it("leaves whoever needs none, or is not to have one", async (context) => {
  const test = await invitationsUnderTest(context);
  await test.invite(6);
  test.server.alter(uuid(1), { lastSignInAt: new Date().toISOString() });
  await test.admin.remove(uuid(2));
  test.server.alter(uuid(3), { appMetadata: {} });
  test.server.alter(uuid(4), { bannedUntil: "2999-01-01T00:00:00Z" });
  test.server.alter(uuid(5), { bannedUntil: "2001-01-01T00:00:00Z" });
  await test.target.query(`update migration.accounts set reason = 'inactive' where legacy_id = 6`);
  expect(await test.work()).toEqual([
    { id: 1, state: "left", code: "signed_in" },
    { id: 2, state: "left", code: "gone" },
    { id: 3, state: "left", code: "not_ours" },
    { id: 4, state: "left", code: "banned" },
    { id: 5, state: "sent", code: null },
    { id: 6, state: "left", code: "unwanted" },
  ]);
  expect(test.mails()).toEqual({ 5: 1 });
});

/** What Supabase Auth did is found out by the look that follows. */
const ENDS: Readonly<Partial<Record<FaultName, string>>> = {
  "rate-limited": "sent",
  "over-limit": "sent",
  "bad-key": "sent",
  "not-admin": "sent",
  "done-but-malformed": "sent",
  "done-but-reset": "sent",
  "done-but-silent": "sent",
  "done-but-gateway-timeout": "sent",
};

describe.each(FAULT_NAMES)("after %s", (fault) => {
  it("nobody has two mails, and each has one when the unsure are asked again", async (context) => {
    const faults = { recover: [{ fault, calls: 1 }] };
    const test = await invitationsUnderTest(context, { faults, lateMs: 400 });
    await test.invite(2);
    const [first, second] = await test.work();
    // On a busy machine what comes late is there already when it is looked for.
    const ends = fault === "done-late" ? ["unsure", "sent"] : [ENDS[fault] ?? "unsure"];
    expect(ends).toContain(first?.state);
    expect(second?.state).toBe("sent");
    // What comes late is there by the time that somebody asks again.
    const expectsLate = fault === "done-late" ? 2 : 1;
    await eventually(() => Promise.resolve(test.server.mails().length), {
      until: (mails) => mails >= expectsLate,
    });
    await test.again();
    expect((await test.work()).map(({ state }) => state)).toEqual(["sent", "sent"]);
    expect(test.mails()).toEqual({ 1: 1, 2: 1 });
  });
});

it("does not ask again by itself where a loader died before it was answered", async (context) => {
  const test = await invitationsUnderTest(context);
  await test.invite(2);
  await test.target.query(
    `update migration.account_invitations set state = 'sending', intended_at = now(), claimed_until = now() - interval '1 s'`,
  );
  test.server.alter(uuid(2), { mailedAt: new Date().toISOString() });
  expect(await test.work()).toEqual([
    { id: 1, state: "unsure", code: null },
    { id: 2, state: "sent", code: null },
  ]);
  expect(test.mails()).toEqual({});
});

it("waits for the limits of the project, and burns nobody meanwhile", async (context) => {
  const test = await invitationsUnderTest(context, { mailsPerMinute: 2, minuteMs: 1_500 });
  await test.invite(5);
  expect((await test.work()).map(({ state }) => state)).toEqual(Array(5).fill("sent"));
  expect(test.mails()).toEqual({ 1: 1, 2: 1, 3: 1, 4: 1, 5: 1 });
  expect(test.server.calls("recover")).toBeGreaterThan(5);
});

it("waits for a person where Supabase Auth refuses everybody, and says why", async (context) => {
  const test = await invitationsUnderTest(context);
  await test.invite(1);
  test.server.change({ faults: { get: [{ fault: "bad-key", calls: 1 }] } });
  const loader = await test.loader();
  await sendInvitations(loader);
  const { rows } = await test.target.query(
    `select pause_reason, pause_code from migration.rate_budget where model = 'invitations'`,
  );
  expect(rows).toEqual([{ pause_reason: "stopped", pause_code: "http_401" }]);
  expect(await test.work()).toMatchObject([{ state: "sent" }]);
});

it.for([1, 2])("holds with two loaders and random faults (seed %i)", async (seed, context) => {
  const throws = dice(seed);
  const test = await invitationsUnderTest(context, { lateMs: 30 }, 100);
  await test.invite(12);
  test.server.change({ faults: { recover: randomFaults(throws), get: randomFaults(throws) } });
  const loaders = await Promise.all([test.loader(), test.loader()]);
  const ended = await test.work(loaders);
  const sent = ended.filter(({ state }) => state === "sent").map(({ id }) => id);
  const mails = test.mails();
  expect(Object.values(mails).every((count) => count === 1)).toBe(true);
  for (const id of sent) expect([id, mails[id]]).toEqual([id, 1]);
  expect(new Set(ended.map(({ state }) => state))).not.toContain("due");
  test.server.change({ faults: {} });
  // A busy machine answers some too late: a person asks again.
  const isSent = async (): Promise<boolean> => {
    await test.again();
    return (await test.work(loaders)).every(({ state }) => state === "sent");
  };
  await eventually(isSent, { within: 60_000 });
  expect(Object.values(test.mails())).toEqual(Array(12).fill(1));
});

const ANY: readonly ["none", ...FaultName[]] = ["none", ...FAULT_NAMES];

function randomFaults({ oneOf, upTo }: Dice) {
  return Array.from({ length: 12 }, () => ({
    fault: oneOf<FaultName | "none">(ANY),
    calls: upTo(2),
  }));
}
