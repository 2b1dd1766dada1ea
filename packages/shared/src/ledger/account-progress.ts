/** How far the accounts of Supabase Auth are made: for people and scrapes. */
import type { Queryable } from "../database/pool.ts";
import { NEWEST_WITH_ACCOUNTS } from "./account-decisions.ts";

/** The row of `migration.rate_budget` that all loaders share. */
export const ACCOUNT_BUDGET = "accounts";

/** The row for mails, which have limits of their own. */
export const INVITATION_BUDGET = "invitations";

/** Codes, and how many users they hold of. */
export type ByCode = Readonly<Record<string, number>>;

export interface AccountProgress {
  /**
   * `off`: no run has asked for any, and none are to be taken back. `waiting`: for profiles to settle, or to be decided about. `paused`: see `pausedBecause`.
   * `making`: some are due. `settled`: nothing is.
   */
  readonly status: "off" | "waiting" | "paused" | "making" | "settled";
  /** `throttled`, `unavailable`, or the code of what a person must look at. */
  readonly pausedBecause: string | null;
  /** The newest run that makes accounts: one that has begun, and neither failed nor was cancelled or rolled back. */
  readonly runId: number | null;
  /** Of the source, who were looked at. The sum of `wanted` and of all `none`. */
  readonly users: number;
  readonly wanted: number;
  /** Why the others get none. */
  readonly none: ByCode;
  /** Of the wanted: to be made, or to be told practice and role. */
  readonly due: number;
  /** There is one. `made`: by a run of ours; the others were there before. */
  readonly done: number;
  readonly made: number;
  /** A person must look. */
  readonly refused: ByCode;
  /** Accounts of users who are to have none any more: there, or looked for, also where Supabase Auth refuses that. */
  readonly unwanted: number;
  /** To be taken back by a rollback. */
  readonly removing: number;
  /** Of what was made: `imported`, or why its password is known to nobody. */
  readonly passwords: ByCode;
}

interface Row extends Omit<AccountProgress, "status" | "none" | "refused" | "passwords"> {
  readonly decided: boolean;
  /** JSON, as text. */
  readonly none: string;
  readonly refused: string;
  readonly passwords: string;
}

const PROGRESS = `
  with newest as (select ${NEWEST_WITH_ACCOUNTS} as run_id)
  select n.run_id as "runId", exists (select from migration.account_decisions d where d.run_id = n.run_id and not d.before_profiles) as decided,
    a.*, coalesce(none.codes, '{}') as none, coalesce(refused.codes, '{}') as refused, coalesce(passwords.codes, '{}') as passwords,
    (select coalesce(pause_code, pause_reason) from migration.rate_budget
     where model = '${ACCOUNT_BUDGET}' and pause_reason is not null) as "pausedBecause"
  from newest n,
    (select count(*)::integer as users,
       count(*) filter (where reason is null)::integer as wanted,
       count(*) filter (where reason is null and state = 'due')::integer as due,
       count(*) filter (where reason is null and state = 'done')::integer as done,
       count(*) filter (where reason is null and state = 'done' and made_by is not null)::integer as made,
       count(*) filter (where reason is not null and state in ('due', 'done', 'refused'))::integer as unwanted,
       count(*) filter (where state = 'removing')::integer as removing
     from migration.accounts) a,
    (select jsonb_object_agg(reason, n) as codes from (
       select reason, count(*) as n from migration.accounts where reason is not null group by 1) r) none,
    (select jsonb_object_agg(code, n) as codes from (
       select code, count(*) as n from migration.accounts where reason is null and state = 'refused' group by 1) r) refused,
    (select jsonb_object_agg(password, n) as codes from (
       select password, count(*) as n from migration.accounts where state = 'done' and password is not null group by 1) p) passwords`;

/** Reads the ledger; its cost grows with the number of users. */
export async function accountProgress(db: Queryable): Promise<AccountProgress> {
  const { rows } = await db.query<Row>(PROGRESS);
  const [row] = rows;
  if (row === undefined) throw new Error("an aggregate without a row");
  const { decided, pausedBecause, none, refused, passwords, ...counts } = row;
  const status = statusOf(row, decided);
  return {
    status,
    pausedBecause: status === "paused" ? pausedBecause : null,
    ...counts,
    none: JSON.parse(none),
    refused: JSON.parse(refused),
    passwords: JSON.parse(passwords),
  };
}

function statusOf(row: Row, decided: boolean): AccountProgress["status"] {
  if (row.runId === null && row.removing === 0) return "off";
  if (row.due + row.removing > 0) return row.pausedBecause === null ? "making" : "paused";
  return decided ? "settled" : "waiting";
}
