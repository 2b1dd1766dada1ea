/** What the tests of decisions share: a source with six users, and runs that make accounts of them. */
import type { Pool } from "@nexus/shared/database";
import { seedRun, type TestContext } from "@nexus/shared/testing";
import type { Deps } from "../deps.ts";
import { extractorUnderTest } from "../extractor.fixture.ts";
import { decideAccounts } from "./decide.ts";

export const uuid = (n: number): string => `00000000-0000-5000-8000-${String(n).padStart(12, "0")}`;

type Status = "complete" | "loading" | "waiting";

export interface DecisionsUnderTest {
  readonly deps: Deps;
  readonly legacy: Pool;
  readonly target: Pool;
  /** Adds a user to the source. */
  user(id: number, email: string): Promise<unknown>;
  /** Adds a profile of the user `id` to the target. */
  profile(n: number, id: number, role?: string): Promise<unknown>;
  /** A run that makes accounts, with profiles as they are. */
  run(status?: Status): Promise<number>;
  /** What is decided for a run, after another look. `testAccounts`: the patterns of the extractor. */
  decidedIn(runId: number, testAccounts?: string): Promise<Record<string, unknown> | undefined>;
  /** Rows by user: state, reason, holder, code, run. */
  rowsNow(): Promise<Record<number, string>>;
  /** A run of ours has made the account. */
  made(id: number, runId: number): Promise<unknown>;
}

/** A source and a target of this test alone. */
export async function decisionsUnderTest(context: TestContext): Promise<DecisionsUnderTest> {
  const deps = await extractorUnderTest(context);
  const { legacy, target } = deps;
  // As a source may have it: an activity that is a number, a login without a zone.
  await legacy.query(
    `create table auth_user (id integer primary key, username varchar(150), email varchar(254), is_active smallint, last_login timestamp, password text)`,
  );
  const user = (id: number, email: string) =>
    legacy.query(`insert into auth_user values ($1, 'user.' || $1::integer, $2, 1, null, '!')`, [
      id,
      email,
    ]);
  for (const id of [1, 2, 3, 4, 5, 6]) await user(id, `user.${id}@clinic.example`);
  return {
    deps,
    legacy,
    target,
    user,
    profile: (n, id, role = "doctor") =>
      target.query(`insert into public.profiles (id, legacy_id, role) values ($1, $2, $3)`, [
        uuid(n),
        id,
        role,
      ]),
    run: (status = "complete") => begin(target, status),
    decidedIn: (runId, testAccounts) => decidedIn(deps, runId, testAccounts),
    rowsNow: () => rowsNow(target),
    made: (id, runId) =>
      target.query(
        `update migration.accounts set state = 'done', made_by = $2, asked_at = now(), role = 'doctor' where legacy_id = $1`,
        [id, runId],
      ),
  };
}

async function begin(target: Pool, status: Status): Promise<number> {
  await target.query("update migration.runs set status = 'completed' where status = 'running'");
  const runId = await seedRun(target, { status: "running", entities: { profiles: { status } } });
  await target.query("update migration.runs set accounts = true where id = $1", [runId]);
  return runId;
}

async function decidedIn(
  deps: Deps,
  runId: number,
  testAccounts = "",
): Promise<Record<string, unknown> | undefined> {
  await decideAccounts({ ...deps, settings: { ...deps.settings, testAccounts } });
  const { rows } = await deps.target.query<{ users: number; counts: string }>(
    "select users, counts::text from migration.account_decisions where run_id = $1 order by before_profiles",
    [runId],
  );
  const [row] = rows;
  return row && { users: row.users, ...JSON.parse(row.counts) };
}

async function rowsNow(target: Pool): Promise<Record<number, string>> {
  const { rows } = await target.query<{ id: number; line: string }>(
    `select legacy_id as id, concat_ws(' ', state, reason, holder, code, right(profile_id::text, 1), 'of run ' || run_id) as line
     from migration.accounts order by 1`,
  );
  return Object.fromEntries(rows.map(({ id, line }) => [id, line]));
}
