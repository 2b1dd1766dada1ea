/** The sample's users get accounts of Supabase Auth while real processes move it: decided by the extractor, made by the loader. */
import { authEnvironment, type AuthServer, startAuth } from "@nexus/local/auth";
import { accountProgress } from "@nexus/shared/ledger";
import { eventually, mostReal, stacks } from "@nexus/shared/testing";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  accountsSettled,
  changes,
  heldAccounts,
  MORE_DIRT,
  TEST_ACCOUNTS,
  wantedAccounts,
} from "./auth-accounts.ts";
import { embedded } from "./embedded-stack.ts";
import { type Journey, openJourney } from "./journey.ts";

const [stack = embedded] = mostReal(stacks([embedded]));
/** `ACCOUNTS_SCALE=1`: all 9,101 users of the report. */
const SCALE = Number(process.env["ACCOUNTS_SCALE"] ?? 0.03);

describe.each(["real", "reported"] as const)("accounts of a source of the %s shape", (shape) => {
  let server: AuthServer;
  let journey: Journey;
  beforeAll(async () => {
    server = await startAuth({ faults: { create: [{ fault: "done-but-reset", every: 7 }] } });
    journey = await openJourney(stack, {
      sample: { scale: SCALE, shape },
      env: { ...authEnvironment(server.url), TEST_ACCOUNTS },
    });
    await journey.legacy.query(MORE_DIRT);
  });
  afterAll(async () => {
    await journey?.close();
    await server?.close();
  });

  const run = async (options: Parameters<Journey["begin"]>[0] = {}) => {
    const runId = await journey.begin({ accounts: true, ...options });
    await journey.completed(runId);
    return await accountsSettled(journey, runId);
  };
  /** Somebody who has an account. */
  const somebody = async (): Promise<number> => {
    const { rows } = await journey.target.query<{ id: number }>(
      "select min(legacy_id) as id from migration.accounts where state = 'done' and reason is null",
    );
    return rows[0]?.id ?? 0;
  };

  it("is one for each address in use, with its profile's id, practice and role", async () => {
    const done = await run();
    const wanted = await wantedAccounts(journey);
    expect(wanted.length).toBeGreaterThan(20);
    expect(heldAccounts(server)).toEqual(wanted);
    expect(done).toMatchObject({ done: wanted.length, made: wanted.length, refused: {} });
    const { imported = 0, ...unknown } = done.passwords;
    expect(imported).toBe(
      server.users().filter(({ passwordHash }) => passwordHash !== null).length,
    );
    expect(imported).toBeGreaterThan(0);
    expect(unknown).toMatchObject({ password_pbkdf2: expect.any(Number) });
    for (const { userMetadata, confirmedAt } of server.users())
      expect([userMetadata, confirmedAt]).toEqual([{}, expect.any(String)]);
  });

  it("is not touched by a run that finds nothing changed, nor by one without accounts", async () => {
    const before = structuredClone(server.users());
    const calls = changes(server);
    await run();
    await run({ only: ["practices"] });
    await journey.completed(await journey.begin());
    expect(changes(server)).toBe(calls);
    expect(server.users()).toEqual(before);
  });

  it("is told of another role, and nobody else is", async () => {
    await journey.legacy.query("update auth_user set is_superuser = true where id = $1", [
      await somebody(),
    ]);
    const [updates, calls] = [server.calls("update"), changes(server)];
    await run();
    expect([server.calls("update") - updates, changes(server) - calls]).toEqual([1, 1]);
    expect(heldAccounts(server)).toEqual(await wantedAccounts(journey));
  });

  it("is left to whoever is to have none any more", async () => {
    const before = structuredClone(server.users());
    await journey.legacy.query("update auth_user set is_active = false where id = $1", [
      await somebody(),
    ]);
    const calls = changes(server);
    expect(await run()).toMatchObject({ unwanted: 1 });
    expect(changes(server)).toBe(calls);
    expect(server.users()).toEqual(before);
  });
});

describe("accounts that are decided, and not made yet", () => {
  let server: AuthServer;
  let journey: Journey;
  afterEach(async () => {
    await journey?.close();
    await server?.close();
  });

  it("are decided anew where the source is not as it was", async () => {
    server = await startAuth();
    journey = await openJourney(stack, { sample: { scale: SCALE }, env: { TEST_ACCOUNTS } });
    const { legacy, target } = journey;
    const runId = await journey.begin({ accounts: true });
    await journey.completed(runId);
    const { due } = await eventually(() => accountProgress(target), {
      until: ({ status }) => status === "making",
    });
    const { rows } = await target.query<{ id: number }>(
      `select legacy_id as id from migration.accounts a where state = 'due'
         and not exists (select from migration.accounts h where h.holder = a.legacy_id) order by 1 limit 7`,
    );
    const [a, b, c, d, e, f, g] = rows.map(({ id }) => id);
    const { rows: others } = await target.query<{ id: number }>(
      "select min(legacy_id) as id from migration.accounts where reason = 'no_address'",
    );
    const change = (id: number | undefined, set: string) =>
      legacy.query(`update auth_user set ${set} where id = ${String(id)}`);
    // Each takes the other's address; one takes that of somebody who keeps it; one has a new one; one leaves.
    await legacy.query(
      "update auth_user u set email = upper(o.email) from auth_user o where (u.id, o.id) in (($1, $2), ($2, $1))",
      [a, b],
    );
    await change(c, `email = (select email from auth_user where id = ${String(d)})`);
    await change(e, "email = 'somebody.new@clinic.example'");
    await change(f, "is_active = false");
    // Somebody who had no address has one that is another's, and has used it since.
    await change(
      others[0]?.id,
      `is_active = true, last_login = now(), email = (select email from auth_user where id = ${String(g)})`,
    );
    await journey.start("loader", authEnvironment(server.url));
    await accountsSettled(journey, runId);
    const wanted = await wantedAccounts(journey);
    expect(heldAccounts(server)).toEqual(wanted);
    expect(wanted).toHaveLength(due - 2);
  });
});
