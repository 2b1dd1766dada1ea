/** Invitations of one test: on a migrated target of its own, and a stand-in of its own. */
import { type AuthOptions, type AuthServer, SERVICE_ROLE_KEY, startAuth } from "@nexus/local/auth";
import type { AuthAdmin, InvitationMethod } from "@nexus/shared/auth";
import { openAuthAdmin } from "@nexus/shared/auth/client";
import type { Pool } from "@nexus/shared/database";
import { INVITATION_BUDGET, ledgerId, openBudget } from "@nexus/shared/ledger";
import { openLog } from "@nexus/shared/telemetry";
import { eventually, freshTarget, runningRun, type TestContext } from "@nexus/shared/testing";
import { sendInvitations } from "./consume.ts";
import type { InvitationDeps } from "./deps.ts";

interface Invited {
  readonly id: number;
  readonly state: string;
  readonly code: string | null;
}

export interface InvitationsUnderTest {
  readonly target: Pool;
  readonly server: AuthServer;
  readonly admin: AuthAdmin;
  readonly runId: number;
  /** Another loader on the same target. */
  loader(change?: Partial<InvitationDeps["settings"]>): Promise<InvitationDeps>;
  /** Accounts that a run has made, by keys from 1, and invitations of them. */
  invite(people: number, method?: InvitationMethod): Promise<void>;
  /** Those who are unsure are asked for again. */
  again(): Promise<void>;
  /** Sends until nothing is due; by a loader of its own if none is given. */
  work(loaders?: readonly InvitationDeps[]): Promise<Invited[]>;
  /** How many mails each person got, by his key. */
  mails(): Readonly<Record<number, number>>;
}

const PACE: InvitationDeps["settings"] = {
  claimMs: 2_000,
  pauseMs: 50,
  retryMs: 20,
  redirectTo: undefined,
};

export const uuid = (n: number): string => `00000000-0000-5000-8000-${String(n).padStart(12, "0")}`;
export const addressOf = (n: number): string => `person${n}@clinic.example`;

/** Skips the test where this run has no PostgreSQL. The stand-in itself keeps nobody from getting two mails. */
export async function invitationsUnderTest(
  context: TestContext,
  options: AuthOptions = {},
  timeoutMs = 300,
): Promise<InvitationsUnderTest> {
  const target = await freshTarget(context);
  const server = await startAuth({ mailPauseMs: 0, ...options });
  context.onTestFinished(() => server.close());
  const { url } = server;
  const admin = openAuthAdmin({ url, serviceRoleKey: SERVICE_ROLE_KEY, timeoutMs });
  const patient = openAuthAdmin({ url, serviceRoleKey: SERVICE_ROLE_KEY, timeoutMs: 30_000 });
  const ledger = await ledgerId(target);
  const runId = await runningRun(target, ["profiles"]);
  const loader: InvitationsUnderTest["loader"] = (change) =>
    loaderOn(target, admin, { ...PACE, ...change });
  const own = await loader();
  return {
    target,
    server,
    admin,
    runId,
    loader,
    invite: async (people, method = "recovery") => {
      for (let n = 1; n <= people; n += 1) await made(patient, runId, ledger, n);
      await target.query(
        `insert into migration.accounts (legacy_id, profile_id, run_id, state, made_by, password)
         select n, ('00000000-0000-5000-8000-' || lpad(n::text, 12, '0'))::uuid, $1, 'done', $1, 'password_pbkdf2'
         from generate_series(1, $2::integer) n`,
        [runId, people],
      );
      await target.query(
        `insert into migration.account_invitations (legacy_id, made_by, method)
         select legacy_id, made_by, $1 from migration.accounts`,
        [method],
      );
    },
    again: async () => {
      await target.query(
        `update migration.account_invitations set state = 'due' where state = 'unsure'`,
      );
    },
    work: (loaders = [own]) => work(target, loaders),
    mails: () => countMails(server),
  };
}

function countMails(server: AuthServer): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const { userId } of server.mails()) {
    const id = Number(userId.slice(-12));
    counts[id] = (counts[id] ?? 0) + 1;
  }
  return counts;
}

async function made(admin: AuthAdmin, runId: number, ledger: string, n: number): Promise<void> {
  const rights = { practiceId: null, role: "user", ledger };
  await admin.create({ id: uuid(n), email: addressOf(n), passwordHash: null, runId, ...rights });
}

async function loaderOn(
  target: Pool,
  admin: AuthAdmin,
  settings: InvitationDeps["settings"],
): Promise<InvitationDeps> {
  const log = openLog("test");
  log.level = "silent";
  const budget = await openBudget(target, {
    model: INVITATION_BUDGET,
    requestsPerMinute: null,
    tokensPerMinute: null,
    usdPer1kTokens: 0,
    capUsd: null,
    // Pauses end, and probes come, a hundred times sooner.
    clockSpeed: 100,
  });
  return { target, admin, budget, log, settings };
}

async function work(target: Pool, loaders: readonly InvitationDeps[]): Promise<Invited[]> {
  const look = async (): Promise<Invited[]> => {
    await Promise.all(loaders.map((deps) => sendInvitations(deps)));
    const { rows } = await target.query<Invited>(
      `select legacy_id as id, state, code from migration.account_invitations order by 1`,
    );
    return rows;
  };
  const isOver = (rows: readonly Invited[]) =>
    rows.every(({ state }) => state !== "due" && state !== "sending");
  return await eventually(look, { until: isOver, within: 30_000, every: 5 });
}
