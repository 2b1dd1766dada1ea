/** Users by what became of their accounts, for the record: does the sum close, and why has who none? */
import type { Queryable } from "@nexus/shared/database";

/** What was looked at when it was decided last, and what of it the ledger does not know. Null: it was never decided. */
export interface DecidedSum {
  readonly looked: number | null;
  readonly unaccounted: number | null;
}

/** Users who are not in the source any more keep their rows, and are not counted. */
export async function decidedSum(db: Queryable): Promise<DecidedSum> {
  const found = await db.query<DecidedSum>(
    `select d.users as looked, d.users - (select count(*) from migration.accounts a where a.reason is distinct from 'gone') as unaccounted
     from (select) one left join lateral (
       select users from migration.account_decisions order by run_id desc, before_profiles limit 1) d on true`,
  );
  const [row] = found.rows;
  if (row === undefined) throw new Error("a row joined to none");
  return row;
}

/** Users of one kind and reason. */
export interface ReasonCount {
  readonly kind: "none" | "refused" | "unwanted";
  readonly reason: string;
  readonly users: number;
}

/** The most frequent first. */
export async function accountReasons(db: Queryable): Promise<ReasonCount[]> {
  const found = await db.query<ReasonCount>(
    `select kind, reason, count(*)::integer as users
     from (select coalesce(reason, code) as reason,
             case when reason is null then 'refused' when state in ('due', 'done', 'refused') then 'unwanted' else 'none' end as kind
           from (select * from migration.accounts where reason is not null or state = 'refused') a) r
     group by 1, 2 order by 3 desc, 1, 2`,
  );
  return found.rows;
}

export interface PasswordCount {
  readonly password: string;
  readonly accounts: number;
}

/** The most frequent first. */
export async function accountPasswords(db: Queryable): Promise<PasswordCount[]> {
  const found = await db.query<PasswordCount>(
    `select password, accounts from (
       select password, count(*)::integer as accounts from migration.accounts where state = 'done' and password is not null group by 1) p
     order by 2 desc, 1`,
  );
  return found.rows;
}
