/** Users without an account, or who are to have none: keys and codes, never an address. */
import type { Queryable } from "@nexus/shared/database";
import { FOR_A_PERSON } from "@nexus/shared/states";
import { accounts, and, given, inArray, iso, or, query, read, sql } from "@nexus/shared/tables";

type State = "none" | "refused" | "unwanted";
type DecidedBy = "person" | "rule";

const state = sql<State>`case when ${accounts.state} = 'refused' and ${accounts.reason} is null then 'refused'
  when ${accounts.state} in ('due', 'done', 'refused') then 'unwanted' else 'none' end`;
const reason = sql<string>`coalesce(${accounts.reason}, ${accounts.code})`;
const decidedBy = sql<DecidedBy>`case when ${state} <> 'none' or ${inArray(reason, [...FOR_A_PERSON])} then 'person' else 'rule' end`;

const listed = {
  legacyId: accounts.legacy_id,
  profileId: accounts.profile_id,
  state,
  reason,
  decidedBy,
  holder: accounts.holder,
  runId: accounts.run_id,
  attempts: accounts.attempts,
  settledAt: iso(accounts.settled_at),
};

/** A user, and why there is no account, or should be none. */
export interface AccountException {
  /** A number; digits as text beyond 2^53. */
  readonly legacyId: number | string;
  readonly profileId: string | null;
  readonly state: State;
  readonly reason: string;
  readonly decidedBy: DecidedBy;
  readonly holder: number | string | null;
  readonly runId: number;
  readonly attempts: number;
  readonly settledAt: string | null;
}

export interface AccountFilter {
  readonly state?: State | undefined;
  readonly reason?: string | undefined;
  readonly decidedBy?: DecidedBy | undefined;
  /** The last id of the page before. */
  readonly after: string | undefined;
  readonly limit: number;
}

/** A page of them in the order of their ids. */
export async function listAccounts(
  db: Queryable,
  filter: AccountFilter,
): Promise<AccountException[]> {
  const wanted = and(
    or(sql`${accounts.reason} is not null`, sql`${accounts.state} = 'refused'`),
    sql`${accounts.state} <> 'removing'`,
    given(filter.state, (one) => sql`${state} = ${one}`),
    given(filter.reason, (one) => sql`${reason} = ${one}`),
    given(filter.decidedBy, (one) => sql`${decidedBy} = ${one}`),
    given(filter.after, (key) => sql`${accounts.legacy_id} > ${key}::bigint`),
  );
  return await read(
    db,
    query
      .select(listed)
      .from(accounts)
      .where(wanted)
      .orderBy(accounts.legacy_id)
      .limit(filter.limit),
  );
}
