import { FAULT_NAMES } from "@nexus/local/auth";
import { expect, it } from "vitest";
import { LEDGER, openAccounts, person, uuid } from "./accounts.fixture.ts";
import { ensureAccount } from "./ensure-account.ts";
import { type Removed, removeAccount } from "./remove-account.ts";

const made = (n: number, isRecorded = false): Removed => ({
  id: uuid(n),
  runId: 7,
  ledger: LEDGER,
  isRecorded,
});

it("removes what its run created, and nothing else", async () => {
  const { server, admin } = await openAccounts();
  await ensureAccount(admin, person(1, { email: "a@x.example" }), 0);
  await ensureAccount(admin, person(2, { email: "b@x.example", runId: 8 }), 0);
  expect(await removeAccount(admin, made(1))).toBe("removed");
  expect(await removeAccount(admin, made(1))).toBe("gone");
  expect(await removeAccount(admin, made(2))).toBe("left");
  expect(await removeAccount(admin, made(3))).toBe("gone");
  expect(server.users().map(({ id }) => id)).toEqual([uuid(2)]);
  expect(server.calls("delete")).toBe(1);
});

it("leaves who was there before the migration, whatever id the profile has", async () => {
  const { server, admin } = await openAccounts();
  const before = { email: "a@x.example", id: uuid(1) };
  server.signUp(before);
  expect(await removeAccount(admin, made(1))).toBe("left");
  expect(await ensureAccount(admin, person(1), 1)).toEqual({ state: "done", by: "before" });
  expect(await removeAccount(admin, made(1))).toBe("left");
  expect(server.users()).toMatchObject([before]);
});

it("leaves what the run of that number made in another ledger, whatever ours has on record", async () => {
  const { server, admin } = await openAccounts();
  await ensureAccount(admin, person(1, { ledger: uuid(701) }), 0);
  for (const isRecorded of [false, true])
    expect(await removeAccount(admin, made(1, isRecorded))).toBe("left");
  expect(server.users()).toHaveLength(1);
});

it.each(FAULT_NAMES)("after %s the next attempt ends it", async (fault) => {
  const faults = { delete: [{ fault, calls: 1 }] };
  const { server, admin } = await openAccounts({ faults, lateMs: 0 }, { timeoutMs: 1_500 });
  await ensureAccount(admin, person(1), 0);
  const remove = () => removeAccount(admin, made(1));
  const first = await remove().catch((error: unknown) => error);
  // An answer without its end says as much as none, but that it is a success.
  if (first !== "removed") expect(first).toMatchObject({ name: "AuthFailure" });
  expect(["removed", "gone"]).toContain(await remove());
  expect(server.users()).toEqual([]);
});
