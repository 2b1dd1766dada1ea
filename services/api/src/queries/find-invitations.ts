/** Invitations: whom one would reach, and what became of those that were asked for. Keys and codes only. */
import type { Queryable } from "@nexus/shared/database";
import { INVITATION_BUDGET } from "@nexus/shared/ledger";
import { accountInvitations, and, eq, given, iso, query, read, sql } from "@nexus/shared/tables";

/** SQL: that `a`, of `migration.accounts`, was made by us with a password that nobody knows, is wanted still, and was not invited. */
export const UNINVITED = `a.state = 'done' and a.reason is null and a.made_by is not null
  and a.password is not null and a.password <> 'imported'
  and not exists (select from migration.account_invitations i where i.legacy_id = a.legacy_id and i.made_by = a.made_by)`;

type Counts = Readonly<Record<string, number>>;

export interface InvitationSums {
  readonly toInvite: Counts;
  readonly states: Counts;
  readonly codes: Counts;
  readonly pausedBecause: string | null;
}

/** JSON, as text: `{code: rows}`. */
const countsOf = (code: string, from: string): string =>
  `(select coalesce(jsonb_object_agg(code, n), '{}')::text from (select ${code} as code, count(*) as n from ${from} group by 1) c)`;

const SUMS = `select
  ${countsOf("a.password", `migration.accounts a where ${UNINVITED}`)} as "toInvite",
  ${countsOf("state", "migration.account_invitations")} as states,
  ${countsOf("code", "migration.account_invitations where code is not null")} as codes,
  (select coalesce(pause_code, pause_reason) from migration.rate_budget
   where model = '${INVITATION_BUDGET}' and pause_reason is not null
     and exists (select from migration.account_invitations where state in ('due', 'sending'))) as "pausedBecause"`;

/** Its cost grows with the number of accounts. */
export async function sumInvitations(db: Queryable): Promise<InvitationSums> {
  const { rows } = await db.query<{
    toInvite: string;
    states: string;
    codes: string;
    pausedBecause: string | null;
  }>(SUMS);
  const [row] = rows;
  if (row === undefined) throw new Error("a sum without a row");
  const { toInvite, states, codes, pausedBecause } = row;
  return {
    toInvite: JSON.parse(toInvite),
    states: JSON.parse(states),
    codes: JSON.parse(codes),
    pausedBecause,
  };
}

interface InvitationFilter {
  readonly state: (typeof accountInvitations.$inferSelect)["state"] | undefined;
  /** The last key of the page before. */
  readonly after: string | undefined;
  readonly limit: number;
}

/** A page of invitations in the order of their keys. */
export async function listInvitations(db: Queryable, { state, after, limit }: InvitationFilter) {
  const table = accountInvitations;
  const { legacy_id: legacyId, method, code } = table;
  return await read(
    db,
    query
      .select({
        legacyId,
        method,
        state: table.state,
        code,
        askedAt: iso(table.asked_at),
        settledAt: iso(table.settled_at),
      })
      .from(table)
      .where(
        and(
          given(state, (wanted) => eq(table.state, wanted)),
          given(after, (key) => sql`${legacyId} > ${key}::bigint`),
        ),
      )
      .orderBy(legacyId)
      .limit(limit),
  );
}
