/** Loaders die and Supabase Auth misbehaves while accounts are made: nobody gets two, nobody gets another's, and no value is told. */
import {
  authEnvironment,
  type AuthServer,
  type ScheduleChange,
  startAuth,
} from "@nexus/local/auth";
import { accountProgress } from "@nexus/shared/ledger";
import { eventually, type ServiceProcess } from "@nexus/shared/testing";
import { afterEach, describe, expect, it } from "vitest";
import {
  accountsSettled,
  heldAccounts,
  MORE_DIRT,
  TEST_ACCOUNTS,
  wantedAccounts,
} from "./auth-accounts.ts";
import { canariesIn, contentsOf } from "./canaries.ts";
import { breakable, servers } from "./chaos/arena.ts";
import { dice, rounds, seed } from "./chaos/dice.ts";
import { type Journey, openJourney } from "./journey.ts";

/** Everybody shares an address with a few others, in other case; nearly all are active. */
const CROWD = `update auth_user set is_active = id % 9 > 0, last_login = case when id % 4 > 0 then now() - (id % 7) * interval '1 day' end,
  email = case id % 3 when 0 then 'Desk.' || id / 9 || '@Clinic.Example' when 1 then ' desk.' || id / 9 || '@clinic.example' else 'DESK.' || id / 9 || '@clinic.example' end`;

// Runs on servers that a test may break: chaos/arena.ts says where there are none.
describe.skipIf(!breakable)(`accounts in trouble (seed ${seed})`, () => {
  let server: AuthServer;
  let journey: Journey;
  afterEach(async () => {
    await journey?.close();
    await server?.close();
  });

  it("each address has one account in the end, and it is its holder's", async () => {
    server = await startAuth({ latencyMs: 40, lateMs: 200, faults: TROUBLE });
    const env = { ...authEnvironment(server.url), TEST_ACCOUNTS, LOG_LEVEL: "trace" };
    journey = await openJourney(servers, {
      sample: { scale: 0.06, markers: "canaries" },
      env: { ...env, SUPABASE_TIMEOUT_MS: "300" },
      extractors: 2,
      loaders: 0,
    });
    await journey.legacy.query(MORE_DIRT);
    await journey.legacy.query(CROWD);
    const thrown = dice(seed);
    const alive: ServiceProcess[] = [await journey.start("loader"), await journey.start("loader")];
    const runId = await journey.begin({ accounts: true });
    await journey.completed(runId);
    for (let kill = 0; kill < 4 * rounds; kill++) {
      const more = server.users().length + thrown.upTo(9);
      // All may be there by now.
      const isOver = async () => (await accountProgress(journey.target)).status === "settled";
      await eventually(async () => server.users().length >= more || (await isOver()), {
        within: 60_000,
        every: 2,
      });
      await alive.shift()?.kill("SIGKILL");
      alive.push(await journey.start("loader"));
    }
    expect(await accountsSettled(journey, runId)).toMatchObject({ refused: {}, unwanted: 0 });
    const wanted = await wantedAccounts(journey);
    expect(wanted.length).toBeGreaterThan(30);
    expect(heldAccounts(server)).toEqual(wanted);
    expect(canariesIn(await contentsOf(journey.target, "migration"))).toEqual([]);
    for (const service of journey.services) {
      expect(canariesIn(service.output())).toEqual([]);
      expect(service.output()).not.toMatch(/@clinic\.example|\$2b\$|service-role-stand-in/i);
    }
  });
});

const TROUBLE = {
  create: [
    { fault: "done-but-reset", every: 5, calls: 25 },
    { fault: "done-late", every: 4, calls: 12 },
    { fault: "bad-gateway", every: 3, calls: 12 },
    { fault: "database-error", every: 3, calls: 9 },
    { fault: "rate-limited", calls: 1 },
    { fault: "done-but-malformed", every: 4 },
  ],
  get: [
    { fault: "timed-out", every: 5, calls: 10 },
    { fault: "unavailable", every: 5, calls: 10 },
  ],
} satisfies ScheduleChange["faults"];
