import { type AuthServer, type FaultName, FAULT_NAMES, SERVICE_ROLE_KEY } from "@nexus/local/auth";
import { type AuthAdmin, AuthFailure, failureOf, type NewAccount } from "@nexus/shared/auth";
import { openAuthAdmin } from "@nexus/shared/auth/client";
import { type Dice, dice } from "@nexus/shared/testing";
import { expect, it, onTestFinished, vi } from "vitest";
import { HASH, LEDGER, openAccounts, person, uuid } from "./accounts.fixture.ts";
import { type AccountEnd, ensureAccount } from "./ensure-account.ts";

/** Made by this call, or by one that was not answered. */
const OURS = { state: "done", by: expect.stringMatching(/^(call|run)$/) };

const UNREADABLE = "pbkdf2_sha256$260000$salt$aGFzaA==";

it("creates an account whose rights nobody can write but us", async () => {
  const { server, admin } = await openAccounts();
  expect(await ensureAccount(admin, person(1), 0)).toEqual({ state: "done", by: "call" });
  expect(server.users()).toMatchObject([
    {
      id: uuid(1),
      email: "front.desk@clinic.example",
      confirmedAt: expect.any(String),
      passwordHash: HASH,
      appMetadata: {
        practice_id: uuid(500),
        role: "doctor",
        migration_run: 7,
        migration_ledger: LEDGER,
      },
      userMetadata: {},
    },
  ]);
});

it("finds what is there by its id, and leaves it as it is", async () => {
  const { server, admin } = await openAccounts();
  await ensureAccount(admin, person(1), 0);
  const before = structuredClone(server.users());
  for (const attempts of [0, 1]) {
    expect(await ensureAccount(admin, person(1), attempts)).toEqual({ state: "done", by: "run" });
    const other = person(1, { runId: 8, email: "moved@clinic.example", role: "admin" });
    const end = ensureAccount(admin, other, attempts).catch((error: unknown) => error);
    // That an id is taken Supabase Auth does not say: the next attempt finds it.
    expect(await end).toEqual(
      attempts === 0 ? expect.objectContaining({ kind: "retry" }) : { state: "done", by: "before" },
    );
  }
  expect(server.users()).toEqual(before);
});

it("never links a profile to another person's account", async () => {
  const { server, admin } = await openAccounts();
  await ensureAccount(admin, person(1), 0);
  for (const attempts of [0, 1]) {
    const second = person(2, { email: "Front.Desk@Clinic.EXAMPLE" });
    expect(await ensureAccount(admin, second, attempts)).toEqual({
      state: "refused",
      code: "address_taken",
    });
  }
  expect(server.users().map(({ id }) => id)).toEqual([uuid(1)]);
});

it("says of an address that Supabase Auth does not take that it is refused", async () => {
  const { admin } = await openAccounts();
  const end = await ensureAccount(admin, person(1, { email: "花子@clinic.example" }), 0);
  expect(end).toEqual({ state: "refused", code: "validation_failed" });
});

const KINDS: Readonly<Partial<Record<FaultName, string>>> = {
  "rate-limited": "throttled",
  "over-limit": "throttled",
  "bad-key": "stop",
  "not-admin": "stop",
};

it.each(FAULT_NAMES)("after %s there is one account, and it is ours", async (fault) => {
  const faults = { create: [{ fault, calls: 1 }] };
  const { server, admin } = await openAccounts({ faults, lateMs: 20 }, { timeoutMs: 500 });
  const printed = vi.spyOn(console, "error");
  onTestFinished(() => printed.mockRestore());
  const failure = await ensureAccount(admin, person(1), 0).catch((error: unknown) => error);
  expect(failure).toMatchObject({ name: "AuthFailure", kind: KINDS[fault] ?? "retry" });
  expect(printed).not.toHaveBeenCalled();
  expect(await untilEnded(admin, person(1), 1)).toEqual(OURS);
  expect(server.users()).toMatchObject([{ id: uuid(1), email: "front.desk@clinic.example" }]);
});

it("takes a page that says 404 for no word about a user", async () => {
  const { server } = await openAccounts();
  const admin = openAuthAdmin({
    url: `${server.url}/elsewhere`,
    serviceRoleKey: SERVICE_ROLE_KEY,
    timeoutMs: 10_000,
  });
  await expect(admin.find(uuid(1))).rejects.toThrow(AuthFailure);
});

it("tells nothing of what was sent, or of the key", async () => {
  const { admin } = await openAccounts({}, { serviceRoleKey: "s3cret-key" });
  const { admin: other } = await openAccounts();
  const failures = [
    await admin.create(person(1)).catch((error: unknown) => error),
    await other.create(person(1, { passwordHash: UNREADABLE })).catch((error: unknown) => error),
    await other.create(person(1, { email: "no at sign" })).catch((error: unknown) => error),
  ];
  for (const failure of failures) {
    const { message = "", stack = "", ...others } = failure instanceof Error ? failure : {};
    const told = JSON.stringify([message, stack, others, String(failure)]);
    expect(told).not.toMatch(/s3cret|front\.desk|no at sign|pbkdf2|\$2b/);
  }
  expect(failures).toMatchObject([{ kind: "stop" }, { kind: "retry" }, { kind: "user" }]);
});

it("keeps no code that is no code", () => {
  expect(failureOf({ status: 400, code: "a@clinic.example" }).code).toBe("http_400");
  expect(failureOf({ status: undefined, code: undefined })).toMatchObject({ kind: "retry" });
  expect(failureOf({ status: 301, code: undefined })).toMatchObject({ kind: "stop" });
});

const ADDRESSES = [
  "a@x.example",
  "A@x.example",
  "b@x.example",
  "B@X.example",
  "c@x.example",
] as const;

it.each([1, 2])("holds under random faults, and two at once (seed %i)", async (seed) => {
  const throws = dice(seed);
  const faults = { create: randomFaults(throws), get: randomFaults(throws) };
  const { server, admin } = await openAccounts({ faults, lateMs: 30 }, { timeoutMs: 1_000 });
  // Nobody has decided: more people than addresses, and each is tried by two.
  const people = Array.from({ length: 12 }, (_, at) =>
    person(at + 1, { email: throws.oneOf(ADDRESSES) }),
  );
  const ends = await Promise.all(
    people.map((one) => Promise.all([untilEnded(admin, one, 0), untilEnded(admin, one, 0)])),
  );
  for (const [at, [one, other]] of ends.entries())
    expect([at, whose(one)]).toEqual([at, whose(other)]);
  expectOneEach(
    server,
    people,
    ends.flatMap(([one]) => one),
  );
});

/** Of two at once only one has created it. */
function whose(end: AccountEnd): string {
  if (end.state === "refused") return end.code;
  return end.by === "before" ? "before" : "ours";
}

const ANY_FAULT: readonly ["none", ...FaultName[]] = ["none", ...FAULT_NAMES];

function randomFaults({ oneOf, upTo }: Dice) {
  return Array.from({ length: 12 }, () => ({
    fault: oneOf<FaultName | "none">(ANY_FAULT),
    calls: upTo(2),
  }));
}

/** As a consumer does it: again, knowing that it was tried. */
async function untilEnded(
  admin: AuthAdmin,
  account: NewAccount,
  attempts: number,
): Promise<AccountEnd> {
  try {
    return await ensureAccount(admin, account, attempts);
  } catch (error) {
    if (!(error instanceof AuthFailure) || attempts > 60) throw error;
    return await untilEnded(admin, account, attempts + 1);
  }
}

/** Each account is the one of the profile whose id it has, with that profile's address, and no address is there twice. */
function expectOneEach(
  server: AuthServer,
  people: readonly NewAccount[],
  ends: readonly AccountEnd[],
): void {
  const users = server.users();
  const done = people.filter((_, at) => ends[at]?.state === "done");
  expect(users.map(({ id }) => id).toSorted()).toEqual(done.map(({ id }) => id).toSorted());
  for (const { id, email } of users)
    expect(people.find((one) => one.id === id)?.email.toLowerCase()).toBe(email);
  const wanted = new Set(people.map(({ email }) => email.toLowerCase()));
  expect(new Set(users.map(({ email }) => email))).toEqual(wanted);
  expect(users).toHaveLength(wanted.size);
}
