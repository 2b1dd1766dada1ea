/** A loader's accounts stage in tests: a source with users, a migrated target with their profiles, a stand-in, and who is decided about. */
import { type AuthOptions, type AuthServer, SERVICE_ROLE_KEY, startAuth } from "@nexus/local/auth";
import { openPool, type Pool } from "@nexus/shared/database";
import {
  ACCOUNT_BUDGET,
  accountProgress,
  type AccountProgress,
  openBudget,
} from "@nexus/shared/ledger";
import { openLog } from "@nexus/shared/telemetry";
import {
  eventually,
  freshDatabase,
  freshTarget,
  seedRun,
  type TestContext,
} from "@nexus/shared/testing";
import { uuid } from "./accounts.fixture.ts";
import { openAuthAdmin } from "@nexus/shared/auth/client";
import type { AccountDeps } from "./deps.ts";
import { makeAccounts } from "./make-accounts.ts";

export interface StageUnderTest {
  readonly server: AuthServer;
  readonly legacy: Pool;
  readonly target: Pool;
  readonly runId: number;
  /** Another loader of the same target. */
  loader(pace?: Partial<AccountDeps["settings"]>): Promise<AccountDeps>;
  /** Rounds of loaders until `until`; one of its own if none is given. */
  work(
    until?: (progress: AccountProgress) => boolean,
    loaders?: readonly AccountDeps[],
  ): Promise<AccountProgress>;
  /** Some columns of the row of a user. */
  row(id: number, columns: string): Promise<unknown>;
}

const PACE: AccountDeps["settings"] = { claimMs: 2_000, retryMs: 10, legacyStatementMs: 10_000 };

const SOURCE = `create table auth_user (id integer primary key, username text, email text, is_active boolean, last_login timestamptz, password text)`;

/** So many users with an address and a profile each, of whom is decided that they get an account. */
export async function stageUnderTest(
  context: TestContext,
  users: number,
  options: AuthOptions = {},
): Promise<StageUnderTest> {
  const target = await freshTarget(context);
  const url = await freshDatabase(context);
  const legacy = openPool({ url, max: 3, name: "nexus-test", onError: () => undefined });
  context.onTestFinished(() => legacy.end());
  const server = await startAuth(options);
  context.onTestFinished(() => server.close());
  await legacy.query(SOURCE);
  await legacy.query(
    `insert into auth_user select n, 'user.' || n, 'User.' || n || '@Clinic.Example', true, null, 'bcrypt$$2b$12$' || rpad('', 53, 'a')
     from generate_series(1, ${users}) n`,
  );
  const runId = await decided(target, users);
  const loader = (pace?: Partial<AccountDeps["settings"]>) =>
    loaderOn(legacy, target, server, pace);
  const own = await loader();
  return {
    server,
    legacy,
    target,
    runId,
    loader,
    work: (until = ({ status }) => status === "settled", loaders = [own]) =>
      work(target, until, loaders),
    row: async (id, columns) => {
      const { rows } = await target.query(
        `select ${columns} from migration.accounts where legacy_id = $1`,
        [id],
      );
      return rows[0];
    },
  };
}

async function decided(target: Pool, users: number): Promise<number> {
  const entities = { profiles: { status: "complete" } } as const;
  const runId = await seedRun(target, { status: "completed", entities });
  await target.query("update migration.runs set accounts = true");
  await target.query(`insert into public.practices (id, name) values ($1, 'A')`, [uuid(500)]);
  await target.query(
    `insert into public.profiles (id, legacy_id, practice_id, role)
     select ('00000000-0000-5000-8000-' || lpad(n::text, 12, '0'))::uuid, n, $1, 'doctor' from generate_series(1, ${users}) n`,
    [uuid(500)],
  );
  await target.query(
    `insert into migration.accounts (legacy_id, profile_id, run_id, state) select legacy_id, id, $1, 'due' from public.profiles`,
    [runId],
  );
  await target.query(
    `insert into migration.account_decisions (run_id, before_profiles, users, counts) values ($1, false, $2::bigint, jsonb_build_object('account', $2::bigint))`,
    [runId, users],
  );
  return runId;
}

async function loaderOn(
  legacy: Pool,
  target: Pool,
  { url }: AuthServer,
  pace: Partial<AccountDeps["settings"]> = {},
): Promise<AccountDeps> {
  const log = openLog("test");
  log.level = "silent";
  const unlimited = {
    requestsPerMinute: null,
    tokensPerMinute: null,
    usdPer1kTokens: 0,
    capUsd: null,
  };
  return {
    legacy,
    target,
    admin: openAuthAdmin({ url, serviceRoleKey: SERVICE_ROLE_KEY, timeoutMs: 300 }),
    budget: await openBudget(target, { model: ACCOUNT_BUDGET, ...unlimited }),
    log,
    settings: { ...PACE, ...pace },
    health: { answeredAt: -Infinity },
  };
}

async function work(
  target: Pool,
  until: (progress: AccountProgress) => boolean,
  loaders: readonly AccountDeps[],
): Promise<AccountProgress> {
  const { signal } = new AbortController();
  const look = async (): Promise<AccountProgress> => {
    await Promise.all(loaders.map((deps) => makeAccounts(deps, { calls: 4, tickMs: 10 }, signal)));
    return await accountProgress(target);
  };
  return await eventually(look, { until, within: 20_000, every: 5 });
}
