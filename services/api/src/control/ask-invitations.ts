/** Asking that people are invited. Loaders send the mails, as slowly as Supabase Auth lets them. */
import { inTransaction, type Pool, type Queryable } from "@nexus/shared/database";
import { type By, CONTROL_BOUNDS, recordAudit } from "@nexus/shared/ledger";
import { UNINVITED } from "../queries/find-invitations.ts";

export interface InvitationsAsked {
  readonly method: "recovery" | "magiclink";
  /** Those, too, of whom it is not known whether their mail left. */
  readonly againUnsure: boolean;
}

export interface Invited {
  readonly invited: number;
  /** Of those: they were invited before. */
  readonly again: number;
}

/** Nobody is invited twice: of those who were, only the refused, to whom no mail left, and, if that is said, the unsure are invited again. */
export async function askInvitations(
  target: Pool,
  { method, againUnsure }: InvitationsAsked,
  by: By,
): Promise<Invited> {
  return await inTransaction(
    target,
    async (tx) => {
      const states = againUnsure ? ["refused", "unsure"] : ["refused"];
      const again = await inviteAgain(tx, method, states);
      const invited = again + (await inviteFirst(tx, method));
      const details = { method, againUnsure, invited, again };
      await recordAudit(tx, by, { action: "invite_accounts", runId: null, details });
      return { invited, again };
    },
    CONTROL_BOUNDS,
  );
}

/** An account that was taken back and made anew is another: the link to the former one opens nothing. */
async function inviteFirst(tx: Queryable, method: string): Promise<number> {
  const { rowCount } = await tx.query(
    `insert into migration.account_invitations as i (legacy_id, made_by, method)
     select a.legacy_id, a.made_by, $1::text from migration.accounts a where ${UNINVITED} order by a.legacy_id
     on conflict (legacy_id) do update set made_by = excluded.made_by, method = excluded.method, state = 'due', code = null,
       asked_at = now(), claimed_until = null, due_at = null, intended_at = null, mailed_before = null, settled_at = null
     where i.made_by <> excluded.made_by`,
    [method],
  );
  return rowCount ?? 0;
}

/** What was put on record before stays there: a mail that left after all is found before another is sent. */
async function inviteAgain(
  tx: Queryable,
  method: string,
  states: readonly string[],
): Promise<number> {
  const { rowCount } = await tx.query(
    `update migration.account_invitations set state = 'due', method = $1::text, code = null, asked_at = now(), claimed_until = null,
       due_at = null, settled_at = null
     where state = any($2::text[])`,
    [method, states],
  );
  return rowCount ?? 0;
}
