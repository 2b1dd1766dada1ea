/** Accounts that a person has looked at are tried again; loaders find them by themselves. */
import { inTransaction, type Pool } from "@nexus/shared/database";
import { type By, CONTROL_BOUNDS, NEWEST_WITH_ACCOUNTS, recordAudit } from "@nexus/shared/ledger";

export interface AskedAccounts {
  readonly scope: "refused" | "waiting";
  /** Only refusals with this code. */
  readonly because?: string | undefined;
  /** Only these users. */
  readonly legacyIds?: readonly (number | string)[] | undefined;
}

/** Of users who are to have an account: rows of a scope. What a loader works on is not waiting. */
const SCOPES: Readonly<Record<AskedAccounts["scope"], string>> = {
  refused: "state = 'refused' and profile_id is not null and ($1::text is null or code = $1)",
  waiting: "state = 'due' and due_at > now() and $1::text is null",
};

/** SQL: a rollback was to take the account back, and could not. Not where a newer run has made profiles that it may be of. */
const IS_LEFT = `a.code is not distinct from 'not_removed' and coalesce(${NEWEST_WITH_ACCOUNTS}, 0) <= coalesce(a.made_by, a.run_id)`;

/** What is known of an account that somebody has deleted holds no more: it is made anew, and invited anew. */
const REQUEUE = `
  chosen as (
    select a.legacy_id, a.code is not distinct from 'account_gone' as gone, ${IS_LEFT} as is_left
    from migration.accounts a join asked using (legacy_id)),
  uninvited as (
    delete from migration.account_invitations i using chosen c where c.legacy_id = i.legacy_id and c.gone)
  update migration.accounts a set state = case when c.is_left then 'removing' else 'due' end, code = null, due_at = now(),
    claimed_until = null, settled_at = null, attempts = case when a.state = 'refused' then 0 else a.attempts end,
    made_by = case when not c.gone then a.made_by end, asked_at = case when not c.gone then a.asked_at end,
    names_ledger = a.names_ledger and not c.gone, practice_id = case when not c.gone then a.practice_id end, role = case when not c.gone then a.role end,
    password = case when not c.gone then a.password end
  from chosen c where c.legacy_id = a.legacy_id`;

/** Refused ones get all their attempts again. Returns how many there are; repeated, none. */
export async function requeueAccounts(
  target: Pool,
  { scope, because, legacyIds }: AskedAccounts,
  by: By,
): Promise<number> {
  return await inTransaction(
    target,
    async (tx) => {
      const requeued = await tx.query(
        `with asked as (
           select legacy_id from migration.accounts
           where reason is null and ${SCOPES[scope]} and ($2::bigint[] is null or legacy_id = any($2::bigint[]))
           order by legacy_id for update), ${REQUEUE}`,
        [because ?? null, legacyIds?.map(String) ?? null],
      );
      const accounts = requeued.rowCount ?? 0;
      if (accounts > 0) {
        const details = {
          scope,
          accounts,
          ...(because === undefined ? {} : { because }),
          ...(legacyIds === undefined ? {} : { asked: legacyIds.length }),
        };
        await recordAudit(tx, by, { action: "requeue_accounts", runId: null, details });
      }
      return accounts;
    },
    CONTROL_BOUNDS,
  );
}
