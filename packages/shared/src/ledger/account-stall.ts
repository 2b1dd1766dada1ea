/** Whether accounts that could be decided about, or made, stand still: by what is ready and what was done last, whatever the cause is. */
import type { Queryable } from "../database/pool.ts";

/** Seconds without any progress: a call, its time-out and another attempt take less. */
const STALL_SECONDS = 120;

/** Seconds that loaders have for the first account after a decision. A source that is followed is decided about again and again. */
const FRESH_SECONDS = 15;

/** Accounts that stand still. */
export interface AccountStall {
  /** `decision`: profiles have settled, and nobody decides who gets one. `accounts`: some are due, and nobody makes them. */
  readonly of: "decision" | "accounts";
  /** Since anything moved. */
  readonly seconds: number;
}

interface Row {
  /** Since profiles of the newest run that makes accounts have settled; null: they have not, or it was decided. */
  readonly undecided: number | null;
  /** Since an account was settled, or a decision after that one; null: none is ready to be made. */
  readonly unmade: number | null;
  /** Since the newest decision, or the begin of a rollback. */
  readonly fresh: number | null;
}

const STANDING = `
  with newest as (select max(id) as id from migration.runs where accounts),
  settled as (select coalesce(max(settled_at), '-infinity') as at from migration.accounts where settled_at is not null),
  ready as (
    select count(*) as accounts, case when bool_and(due_at is not null) then min(due_at) end as since
    from migration.accounts where state in ('due', 'removing') and (due_at is null or due_at <= now()))
  select
    (select extract(epoch from now() - case
        when e.status = 'complete' or e.waived then e.settled_at
        when r.status = 'completed' then r.finished_at end)::integer
     from newest join migration.runs r using (id) left join migration.run_entities e on e.run_id = r.id and e.entity = 'profiles'
     where r.status not in ('failed', 'cancelled', 'rolled_back')
       and not exists (select from migration.account_decisions d where d.run_id = r.id and not d.before_profiles)) as undecided,
    (select extract(epoch from now() - coalesce(
        greatest(nullif(settled.at, '-infinity'), ready.since,
          (select min(decided_at) from migration.account_decisions where decided_at > settled.at)),
        (select max(created_at) from migration.runs where accounts)))::integer
     from ready, settled where ready.accounts > 0) as unmade,
    extract(epoch from now() - greatest((select max(decided_at) from migration.account_decisions),
      (select max(created_at) from migration.rollbacks)))::integer as fresh`;

/** Undefined while they move, or nothing is ready; whether they are paused is not asked. */
export async function findAccountStall(
  db: Queryable,
  afterSeconds = STALL_SECONDS,
): Promise<AccountStall | undefined> {
  const [row] = (await db.query<Row>(STANDING)).rows;
  if (row === undefined) throw new Error("an aggregate without a row");
  const { undecided, unmade, fresh } = row;
  const isFresh = fresh !== null && fresh < FRESH_SECONDS;
  if (unmade !== null && unmade >= afterSeconds && !isFresh)
    return { of: "accounts", seconds: unmade };
  const waits = undecided !== null && undecided >= afterSeconds;
  return waits ? { of: "decision", seconds: undecided } : undefined;
}
