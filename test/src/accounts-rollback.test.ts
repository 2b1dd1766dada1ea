/** A rollback takes back the accounts that its run has made, and nobody else's. */
import { authEnvironment, type AuthServer, startAuth } from "@nexus/local/auth";
import { openClient } from "@nexus/contract";
import { accountProgress } from "@nexus/shared/ledger";
import { eventually, mostReal, stacks } from "@nexus/shared/testing";
import { afterEach, expect, it } from "vitest";
import { startApiHere } from "./api-here.ts";
import { accountsSettled, heldAccounts, TEST_ACCOUNTS, wantedAccounts } from "./auth-accounts.ts";
import { embedded } from "./embedded-stack.ts";
import { type Journey, openJourney } from "./journey.ts";
import { contents, did, rolledBack } from "./rolled-back.ts";

const [stack = embedded] = mostReal(stacks([embedded]));
const STRANGER = "00000000-0000-4000-8000-000000000001";

let server: AuthServer;
let journey: Journey;
afterEach(async () => {
  await journey?.close();
  await server?.close();
});

async function open(): Promise<void> {
  server = await startAuth({ faults: { delete: [{ fault: "done-but-reset", every: 4 }] } });
  server.signUp({ id: STRANGER, email: "somebody.else@elsewhere.example" });
  journey = await openJourney(stack, {
    sample: { scale: 0.02 },
    env: { ...authEnvironment(server.url), TEST_ACCOUNTS, UNDO: "on" },
  });
}

async function run(): Promise<number> {
  const runId = await journey.begin({ accounts: true });
  await journey.completed(runId);
  await accountsSettled(journey, runId);
  return runId;
}

it("leaves the target, Supabase Auth and the ledger as they were before the run", async (context) => {
  await open();
  const { url } = await startApiHere(context, journey.stack);
  const api = openClient({ url });
  const before = await contents(journey.target);
  const runId = await run();
  const { made } = await accountProgress(journey.target);
  expect(made).toBeGreaterThan(10);
  // People who were invited keep nobody from being taken back.
  await journey.target.query(
    `insert into migration.account_invitations (legacy_id, made_by, method, state, intended_at)
     select legacy_id, made_by, 'recovery', 'sent', now() from migration.accounts where made_by is not null`,
  );
  const plan = await rolledBack(api, runId, { plan: true });
  expect(did(plan)["accounts"]).toEqual({ deleted: made, restored: 0, left: {} });
  // Of other entities: accounts stay.
  await rolledBack(api, runId, { entities: ["case_states"] });
  expect(server.users()).toHaveLength(made + 1);
  const done = await rolledBack(api, runId);
  expect([done.status, did(done)["accounts"]]).toEqual([
    "done",
    { deleted: made, restored: 0, left: {} },
  ]);
  expect(server.users().map(({ id }) => id)).toEqual([STRANGER]);
  expect(await contents(journey.target)).toEqual(before);
  const { rows } = await journey.target.query("select from migration.accounts");
  expect(rows).toEqual([]);
  expect((await accountProgress(journey.target)).status).toBe("off");
  await run();
  expect(heldAccounts(server).filter(({ id }) => id !== STRANGER)).toEqual(
    await wantedAccounts(journey),
  );
});

it("of a later run tells the accounts of earlier ones what they were told before", async (context) => {
  await open();
  const { url } = await startApiHere(context, journey.stack);
  const api = openClient({ url });
  const first = await run();
  const before = heldAccounts(server);
  await journey.legacy.query("update auth_user set is_superuser = true where id % 3 = 0");
  const second = await run();
  expect(heldAccounts(server)).not.toEqual(before);
  expect(await rolledBack(api, second)).toMatchObject({ status: "done" });
  await journey.legacy.query("update auth_user set is_superuser = false where id % 3 = 0");
  await eventually(() => expect(heldAccounts(server)).toEqual(before), { within: 30_000 });
  const { rows } = await journey.target.query(
    "select distinct made_by from migration.accounts where state = 'done'",
  );
  expect(rows).toEqual([{ made_by: first }]);
});

it("ends with a code where no loader takes accounts back, and goes on once there is one", async (context) => {
  await open();
  const { url } = await startApiHere(context, journey.stack);
  const api = openClient({ url });
  const runId = await run();
  for (const service of journey.services)
    if (service.name === "loader") await service.kill("SIGTERM");
  await journey.target.query(
    "update migration.heartbeats set seen_at = now() - interval '1 hour' where makes_accounts",
  );
  expect(await rolledBack(api, runId)).toMatchObject({
    status: "failed",
    errorCode: "accounts_off",
  });
  expect((await accountProgress(journey.target)).removing).toBeGreaterThan(10);
  await journey.start("loader");
  await eventually(async () => (await accountProgress(journey.target)).removing === 0);
  expect(await rolledBack(api, runId)).toMatchObject({ status: "done" });
  expect(server.users().map(({ id }) => id)).toEqual([STRANGER]);
});
