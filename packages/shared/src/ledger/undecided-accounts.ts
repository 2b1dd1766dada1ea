/** Accounts that wait for a person: refused by Supabase Auth, or there although their users are to have none. */
import type { Queryable } from "../database/pool.ts";
import type { By } from "./audit.ts";

/** Accounts of one kind. `reason`: the code of the refusal, or why the user is to have none. */
export interface WaitingAccounts {
  readonly kind: "refused" | "unwanted";
  readonly reason: string;
  readonly accounts: number;
}

/** As what they are let go, with the exceptions of entities. */
const ENTITY = "accounts";

/** Of `migration.accounts`: those that nobody has decided about. One that comes back for another reason is open again. */
const UNDECIDED = `
  select * from (
    select legacy_id, case when reason is null then 'refused' else 'unwanted' end as kind, coalesce(reason, code) as reason
    from migration.accounts where state = 'refused'
    union all
    select legacy_id, 'unwanted', reason from migration.accounts where reason is not null and state in ('due', 'done')) x
  where not exists (
    select from migration.accepted_exceptions a
    where a.entity = '${ENTITY}' and a.legacy_id = x.legacy_id and a.outcome = 'rejected' and a.reason = x.reason)`;

/** Those that nobody has decided about, by reason. */
export async function undecidedAccounts(db: Queryable): Promise<WaitingAccounts[]> {
  const found = await db.query<WaitingAccounts>(
    `select kind, reason, count(*) as accounts from (${UNDECIDED}) u group by 1, 2 order by 1, 3 desc, 2`,
  );
  return found.rows;
}

/** Keeps that they may stay as they are: who said so, and why. */
export async function acceptAccounts(
  tx: Queryable,
  { actor, reason }: By & { readonly reason: string },
): Promise<Omit<WaitingAccounts, "kind">[]> {
  const accepted = await tx.query<Omit<WaitingAccounts, "kind">>(
    `with accepted as (
       insert into migration.accepted_exceptions (entity, legacy_id, outcome, reason, actor, because)
       select '${ENTITY}', legacy_id, 'rejected', reason, $1::text, $2::text from (${UNDECIDED}) u
       on conflict do nothing returning reason)
     select reason, count(*) as accounts from accepted group by 1 order by 2 desc, 1`,
    [actor, reason],
  );
  return accepted.rows;
}
