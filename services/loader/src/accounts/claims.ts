/** Accounts that are due: rows of `migration.accounts`. A claim is the right to change one at Supabase Auth. */
import type { Pool } from "@nexus/shared/database";
import { LEDGER_ID, NEWEST_WITH_ACCOUNTS, ROLLBACK_OPEN } from "@nexus/shared/ledger";
import type { Rights } from "@nexus/shared/auth";

/** An account that this loader alone may change, until `until` (by the clock of the database). */
export interface Claimed {
  readonly legacyId: number;
  /** The profile's, and the account's. */
  readonly id: string;
  readonly until: string;
  /** The run in whose name it is created. */
  readonly runId: number;
  /** The id of the ledger. */
  readonly ledger: string;
  readonly state: "due" | "removing";
  /** It is not wanted any more. */
  readonly unwanted: boolean;
  /** The run that created it; null: none did, as far as is known. */
  readonly madeBy: number | null;
  /** The run whose account it is, if it names no ledger: `madeBy`, or a former release has asked for it and may have died before it had that on record. */
  readonly unnamedOf: number | null;
  /** It was asked for before: it may be there. */
  readonly asked: boolean;
  readonly attempts: number;
  readonly failedAgoMs: number | null;
  /** What the profile says now; null: there is none. */
  readonly rights: Rights | null;
}

/** The claim has run out and somebody else has the account, or it was decided anew. */
export class ClaimLost extends Error {}

const CLAIM = `
  with due as materialized (
    select legacy_id, profile_id from migration.accounts
    where state in ('due', 'removing') and (due_at is null or due_at <= now()) and (claimed_until is null or claimed_until <= now())
      and (state = 'removing' or not ${ROLLBACK_OPEN} and ${NEWEST_WITH_ACCOUNTS} is not null)
    order by due_at nulls first, legacy_id limit $1 for update skip locked)
  update migration.accounts a set claimed_until = clock_timestamp() + $2 * interval '1 ms'
  from due left join public.profiles p on p.id = due.profile_id
  where a.legacy_id = due.legacy_id
  returning a.legacy_id as "legacyId", a.profile_id::text as id, a.claimed_until::text as until, a.run_id as "runId", ${LEDGER_ID} as ledger, a.state,
    a.reason is not null as unwanted, a.made_by as "madeBy",
    coalesce(a.made_by, case when a.asked_at is not null and not a.names_ledger then a.run_id end) as "unnamedOf", a.asked_at is not null as asked, a.attempts,
    ceil(extract(epoch from clock_timestamp() - a.failed_at) * 1000)::bigint as "failedAgoMs",
    p.id is not null as "hasProfile", p.practice_id::text as "practiceId", p.role`;

type Row = Omit<Claimed, "rights"> & Rights & { readonly hasProfile: boolean };

/** Claims what is due for `claimMs`, `limit` at most. While a run is rolled back, or once no run makes accounts any more, only what is to be removed is due. */
export async function claimDue(target: Pool, limit: number, claimMs: number): Promise<Claimed[]> {
  const { rows } = await target.query<Row>(CLAIM, [limit, claimMs]);
  return rows.map(({ hasProfile, practiceId, role, ...claimed }) => ({
    ...claimed,
    rights: hasProfile ? { practiceId, role } : null,
  }));
}

const MINE = "legacy_id = $1::bigint and claimed_until = $2::timestamptz";

/**
 * Writes that the account is about to be created, under the id that was claimed, and renews the claim. Throws `ClaimLost`: nobody may be called
 * then. `password`: what becomes of it, unless an earlier attempt has asked with another.
 */
export async function intend(
  target: Pool,
  claimed: Claimed,
  password: string,
  claimMs: number,
): Promise<Claimed> {
  const { rows } = await target.query<{ until: string }>(
    `update migration.accounts set asked_at = coalesce(asked_at, clock_timestamp()), claimed_until = clock_timestamp() + $3 * interval '1 ms',
       names_ledger = names_ledger or asked_at is null, password = case when asked_at is null then $5 else coalesce(password, $5) end
     where ${MINE} and profile_id = $4::uuid and state = 'due' and reason is null returning claimed_until::text as until`,
    [claimed.legacyId, claimed.until, claimMs, claimed.id, password],
  );
  return renewed(claimed, rows);
}

/** An earlier attempt has created nobody: what becomes of the password says this one. */
export async function intendPassword(
  target: Pool,
  { legacyId, until }: Claimed,
  password: string,
): Promise<void> {
  await target.query(`update migration.accounts set password = $3 where ${MINE}`, [
    legacyId,
    until,
    password,
  ]);
}

/** Renews the claim. Throws `ClaimLost`. */
export async function renew(target: Pool, claimed: Claimed, claimMs: number): Promise<Claimed> {
  const { rows } = await target.query<{ until: string }>(
    `update migration.accounts set claimed_until = clock_timestamp() + $3 * interval '1 ms'
     where ${MINE} returning claimed_until::text as until`,
    [claimed.legacyId, claimed.until, claimMs],
  );
  return renewed(claimed, rows);
}

function renewed(claimed: Claimed, [row]: readonly { readonly until: string }[]): Claimed {
  if (row === undefined) throw new ClaimLost();
  return { ...claimed, until: row.until };
}

/** What is known of an account that is there. */
export interface There {
  /** The run that created it; null: somebody else did. */
  readonly madeBy: number | null;
  /** What it was told; undefined: nothing by us. */
  readonly told?: Rights | undefined;
  /** Whether that is what it is to be told. */
  readonly knows: boolean;
}

/** SQL: its profile says by now what it was told, or there is nobody to be told anything. */
const TOLD_ALL = `($4::integer is null or reason is not null or not exists (
  select from public.profiles p where p.id = profile_id and (p.practice_id, p.role::text) is distinct from ($5::uuid, $6::text)))`;

/** There is one. It stays due while it has yet to be told its rights, and to be removed where a rollback takes it back. */
export async function recordThere(
  target: Pool,
  { legacyId, until }: Claimed,
  { madeBy, told, knows }: There,
): Promise<void> {
  await target.query(
    `update migration.accounts set claimed_until = null, due_at = null, attempts = 0, failed_at = null, settled_at = clock_timestamp(),
       state = case when state = 'removing' then state when $3 and ${TOLD_ALL} then 'done' else 'due' end, made_by = $4::integer,
       password = case when $4::integer is not null then password end, practice_id = $5::uuid, role = $6
     where ${MINE}`,
    [legacyId, until, knows, madeBy, told?.practiceId ?? null, told?.role ?? null],
  );
}

/**
 * A person must look. One that a rollback takes back by now is left to that. Whom a rollback could not take back has the code `not_removed`,
 * whatever was decided about its user: there is one, and nobody else tells.
 */
export async function recordRefused(
  target: Pool,
  { legacyId, until, state }: Claimed,
  code: string,
): Promise<void> {
  const isLeft = state === "removing";
  await target.query(
    `update migration.accounts set claimed_until = null, due_at = null, settled_at = clock_timestamp(),
       state = case when state = $4 then 'refused' else state end, code = case when state = $4 then $3 else code end,
       reason = case when state <> $4 or not $5 then reason end, holder = case when state <> $4 or not $5 then holder end
     where ${MINE}`,
    [legacyId, until, isLeft ? "not_removed" : code, state, isLeft],
  );
}

/** There is none, and none is wanted. */
export async function recordNone(target: Pool, { legacyId, until }: Claimed): Promise<void> {
  await target.query(
    `update migration.accounts set claimed_until = null, due_at = null, attempts = 0, failed_at = null, asked_at = null, names_ledger = false, password = null, state = 'none'
     where ${MINE} and reason is not null and state = 'due'`,
    [legacyId, until],
  );
}

/** It was taken back: it is as if nobody had decided. */
export async function forget(target: Pool, { legacyId, until }: Claimed): Promise<void> {
  await target.query(`delete from migration.accounts where ${MINE} and state = 'removing'`, [
    legacyId,
    until,
  ]);
}

/** Due again in so many milliseconds. `spent`: the attempts that this costs. */
export async function snooze(
  target: Pool,
  claimed: readonly Claimed[],
  inMs: number,
  spent: 0 | 1 = 0,
): Promise<void> {
  if (claimed.length === 0) return;
  await target.query(
    `update migration.accounts a set claimed_until = null, due_at = case when $3 > 0 then now() + $3 * interval '1 ms' end,
       attempts = attempts + $4::integer, failed_at = case when $4::integer > 0 then now() else failed_at end
     from unnest($1::bigint[], $2::timestamptz[]) as c (id, until) where a.legacy_id = c.id and a.claimed_until = c.until`,
    [claimed.map(({ legacyId }) => legacyId), claimed.map(({ until }) => until), inMs, spent],
  );
}

/** Whether a run of this ledger has that number. */
export async function isRun(target: Pool, runId: number): Promise<boolean> {
  const found = await target.query(`select from migration.runs where id = $1::bigint`, [runId]);
  return found.rowCount === 1;
}
