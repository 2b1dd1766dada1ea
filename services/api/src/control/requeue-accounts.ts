/** Accounts that a person has looked at are tried again; loaders find them by themselves. */
import { inTransaction, type Pool } from "@nexus/shared/database";
import { type By, CONTROL_BOUNDS, recordAudit } from "@nexus/shared/ledger";

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
        `with chosen as (
           select legacy_id from migration.accounts
           where reason is null and ${SCOPES[scope]} and ($2::bigint[] is null or legacy_id = any($2::bigint[]))
           order by legacy_id for update)
         update migration.accounts a set state = 'due', code = null, due_at = now(), claimed_until = null, settled_at = null,
           attempts = case when a.state = 'refused' then 0 else a.attempts end
         from chosen c where c.legacy_id = a.legacy_id`,
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
