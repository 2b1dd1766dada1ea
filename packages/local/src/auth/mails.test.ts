/** Links by mail, and pages of accounts, through Supabase's own client as our code drives it. */
import { type AuthAdmin, PAGE } from "@nexus/shared/auth";
import { openAuthAdmin } from "@nexus/shared/auth/client";
import { expect, it, onTestFinished, vi } from "vitest";
import { FAULT_NAMES } from "./faults.ts";
import { type AuthOptions, type AuthServer, SERVICE_ROLE_KEY, startAuth } from "./server.ts";

const uuid = (n: number): string => `00000000-0000-5000-8000-${String(n).padStart(12, "0")}`;
const ADDRESS = "front.desk@clinic.example";

async function open(
  options: AuthOptions = {},
): Promise<{ readonly server: AuthServer; readonly admin: AuthAdmin }> {
  const server = await startAuth(options);
  onTestFinished(() => server.close());
  const { url } = server;
  return {
    server,
    admin: openAuthAdmin({ url, serviceRoleKey: SERVICE_ROLE_KEY, timeoutMs: 300 }),
  };
}

const person = (n: number, email = ADDRESS) => ({
  id: uuid(n),
  email,
  passwordHash: null,
  practiceId: uuid(500),
  role: "doctor",
  runId: 7,
  ledger: uuid(700),
});

const recovery = (email = ADDRESS) =>
  ({ method: "recovery", email, redirectTo: undefined }) as const;

it("sends a link to who has the address, and says of nobody that he has none", async () => {
  const { admin, server } = await open();
  await admin.create(person(1));
  await admin.invite(recovery("nobody@clinic.example"));
  expect(server.mails()).toEqual([]);
  await admin.invite({ ...recovery("Front.Desk@Clinic.Example"), redirectTo: "https://a.example" });
  expect(server.mails()).toMatchObject([
    { to: ADDRESS, userId: uuid(1), kind: "recovery", redirectTo: "https://a.example" },
  ]);
  const { mailedAt } = (await admin.findContact(uuid(1))) ?? {};
  expect(mailedAt).toEqual(expect.any(String));
});

it("refuses a link that signs in to an address that nobody has, and signs nobody up", async () => {
  const { admin, server } = await open();
  await admin.create(person(1));
  const invitation = { ...recovery("nobody@clinic.example"), method: "magiclink" } as const;
  await expect(admin.invite(invitation)).rejects.toMatchObject({
    kind: "user",
    code: "otp_disabled",
  });
  expect(server.users()).toHaveLength(1);
  await admin.invite({ ...invitation, email: ADDRESS });
  expect(server.mails()).toMatchObject([{ kind: "magiclink" }]);
});

it("limits mails to one person, and those of the project", async () => {
  const { admin, server } = await open({ mailsPerMinute: 2 });
  for (const n of [1, 2, 3]) await admin.create(person(n, `user${n}@clinic.example`));
  const refused = { kind: "throttled", code: "over_email_send_rate_limit" };
  await admin.invite(recovery("user1@clinic.example"));
  await expect(admin.invite(recovery("user1@clinic.example"))).rejects.toMatchObject(refused);
  await admin.invite(recovery("user2@clinic.example"));
  await expect(admin.invite(recovery("user3@clinic.example"))).rejects.toMatchObject(refused);
  expect(server.mails()).toHaveLength(2);
});

it("says for how long a gateway wants to be left alone", async () => {
  const { admin } = await open({ faults: { recover: [{ fault: "rate-limited", calls: 1 }] } });
  await admin.create(person(1));
  await expect(admin.invite(recovery())).rejects.toMatchObject({
    kind: "throttled",
    retryAfterMs: 1_000,
  });
});

it.each(FAULT_NAMES)(
  "tells nothing of what was sent after %s, not even where it is quoted",
  async (fault) => {
    const { admin, server } = await open({ echoes: true });
    await admin.create(person(1));
    const faults = { recover: [{ fault }], list: [{ fault }], get: [{ fault }] };
    server.change({ faults });
    const printed = (["error", "warn", "log", "info", "debug", "trace"] as const).map((level) =>
      vi.spyOn(console, level),
    );
    onTestFinished(() => printed.forEach((spy) => spy.mockRestore()));
    for (const call of [
      () => admin.invite(recovery()),
      () => admin.list(1),
      () => admin.findContact(uuid(1)),
    ]) {
      const failure: unknown = await call().catch((error: unknown) => error);
      expect(failure).toMatchObject({ name: "AuthFailure" });
      const { message = "", stack = "", ...others } = failure instanceof Error ? failure : {};
      const told = JSON.stringify([message, stack, others, String(failure)]);
      expect(told).not.toMatch(/front\.desk|service-role/);
    }
    for (const spy of printed) expect(spy).not.toHaveBeenCalled();
  },
);

it("lists everybody in pages, with what each was told of his rights", async () => {
  const { admin, server } = await open();
  for (let n = 1; n <= PAGE; n += 1)
    server.signUp({ id: uuid(n), email: `user${n}@clinic.example` });
  await admin.create(person(PAGE + 1));
  const [first, second] = [await admin.list(1), await admin.list(2)];
  expect([first.length, second.length]).toEqual([PAGE, 1]);
  expect(first[0]).toEqual({ ...person(PAGE + 1), email: undefined, passwordHash: undefined });
  expect(second).toEqual([
    { id: uuid(1), runId: null, ledger: null, practiceId: null, role: null },
  ]);
  const ids = new Set([...first, ...second].map(({ id }) => id));
  expect(ids.size).toBe(PAGE + 1);
});

it("knows who has signed in, who is banned, and who has no address", async () => {
  const { admin, server } = await open();
  await admin.create(person(1));
  expect(await admin.findContact(uuid(1))).toMatchObject({
    email: ADDRESS,
    hasSignedIn: false,
    isBanned: false,
    mailedAt: null,
  });
  const now = new Date().toISOString();
  server.alter(uuid(1), { email: "", lastSignInAt: now, bannedUntil: "2999-01-01T00:00:00Z" });
  expect(await admin.findContact(uuid(1))).toMatchObject({
    email: null,
    hasSignedIn: true,
    isBanned: true,
  });
  expect(await admin.findContact(uuid(2))).toBeUndefined();
});
