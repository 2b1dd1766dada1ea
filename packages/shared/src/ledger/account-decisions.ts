/** Which run's accounts are to be decided. Decided is about all of the source's users at once, by one extractor at a time. */
import { profilesNeedUsers } from "../database/foreign-rules.ts";
import type { Queryable } from "../database/pool.ts";
import { settled } from "../states/states.ts";
import type { Run } from "./runs.ts";

/** A run of which nobody expects accounts any more. */
const WITHOUT_ACCOUNTS = `('planned', 'failed', 'cancelled', 'rolled_back')`;

/** SQL: the newest run that makes accounts. */
export const NEWEST_WITH_ACCOUNTS = `(select max(id) from migration.runs r where accounts and status not in ${WITHOUT_ACCOUNTS}
  and not exists (select from migration.run_entities e where e.run_id = r.id and e.entity = 'profiles' and e.status = 'rolled_back'))`;

/** SQL: whether a rollback takes back what a run has written. */
export const ROLLBACK_OPEN = `exists (select from migration.rollbacks where kind = 'rollback' and status = 'open')`;

/** SQL: accounts are still to be taken back. Nobody is decided about before: who counts on such an account would lose it. */
const REMOVAL_OPEN = `exists (select from migration.accounts where state = 'removing')`;

/** A run whose accounts are to be decided. */
export interface ToDecide {
  readonly runId: number;
  /** Profiles refer to auth.users, and are not loaded yet: who gets none cannot have a profile. */
  readonly beforeProfiles: boolean;
}

/** SQL: profiles of the run (`r`) are not written yet. */
const NOT_OPEN = `exists (select from migration.run_entities e
  where e.run_id = r.id and e.entity = 'profiles' and e.status in ('waiting', 'planning', 'planned'))`;

/** SQL: there is no such decision for the run (`r`). */
function undecided(beforeProfiles: "true" | "false"): string {
  return `not exists (select from migration.account_decisions d where d.run_id = r.id and d.before_profiles = ${beforeProfiles})`;
}

/** The newest run that makes accounts, if they are to be decided: once its profiles have settled, and before, where these need accounts. */
export async function runToDecide(db: Queryable): Promise<ToDecide | undefined> {
  const found = await db.query<{ runId: number; early: boolean }>(
    `select r.id as "runId", ${NOT_OPEN} as early from migration.runs r
     where r.id = ${NEWEST_WITH_ACCOUNTS} and not ${ROLLBACK_OPEN} and not ${REMOVAL_OPEN}
       and case when ${NOT_OPEN} then r.status = 'running' and ${undecided("true")}
         else ${undecided("false")} and not exists (
           select from migration.run_entities e where e.run_id = r.id and e.entity = 'profiles' and not ${settled("e")}) end`,
  );
  const [run] = found.rows;
  if (run === undefined || (run.early && !(await profilesNeedUsers(db)))) return undefined;
  return { runId: run.runId, beforeProfiles: run.early };
}

/** Whether profiles of a run must wait: each needs an account before it, and some are yet to be made. */
export async function profilesWait(
  db: Queryable,
  { id, accounts }: Pick<Run, "id" | "accounts">,
): Promise<boolean> {
  if (!accounts || !(await profilesNeedUsers(db))) return false;
  const found = await db.query<{ ready: boolean }>(
    `select exists (select from migration.account_decisions where run_id = $1 and before_profiles)
       and not exists (select from migration.accounts where state = 'due' and reason is null) as ready`,
    [id],
  );
  return found.rows[0]?.ready !== true;
}

/** The advisory lock of whoever decides. */
export const DECISION_LOCK = 7_014_110_805;

/** Takes the right to decide until the transaction ends. False: another extractor has it, or has decided. */
export async function holdDecision(tx: Queryable, wanted: ToDecide): Promise<boolean> {
  const tried = await tx.query<{ mine: boolean }>(
    `select pg_try_advisory_xact_lock(${DECISION_LOCK}) as mine`,
  );
  if (tried.rows[0]?.mine !== true) return false;
  const now = await runToDecide(tx);
  return now?.runId === wanted.runId && now.beforeProfiles === wanted.beforeProfiles;
}

/** Keeps that it is decided, with how many users get an account and how many none, by reason. */
export async function recordDecision(
  tx: Queryable,
  { runId, beforeProfiles }: ToDecide,
  counts: Readonly<Record<string, number>>,
): Promise<void> {
  const users = Object.values(counts).reduce((sum, count) => sum + count, 0);
  await tx.query(
    `insert into migration.account_decisions (run_id, before_profiles, users, counts) values ($1, $2, $3, $4::jsonb)`,
    [runId, beforeProfiles, users, JSON.stringify(counts)],
  );
}

/** The source is not as it was when it was decided: all users are looked at again. */
export async function decideAnew(tx: Queryable): Promise<void> {
  await tx.query(`delete from migration.account_decisions where run_id = ${NEWEST_WITH_ACCOUNTS}`);
}
