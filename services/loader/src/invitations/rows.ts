/** Rows of `migration.account_invitations`. A claim is the right to invite one person. */
import type { InvitationMethod } from "@nexus/shared/auth";
import type { Pool } from "@nexus/shared/database";
import { LEDGER_ID } from "@nexus/shared/ledger";

/** A person whom this loader alone may invite, until `until` (by the clock of the database). */
export interface Claimed {
  readonly legacyId: number;
  readonly until: string;
  readonly profileId: string;
  readonly method: InvitationMethod;
  /** The run that created the account, by the ledger of that id. */
  readonly madeBy: number;
  readonly ledger: string;
  /** Whether the account is still to be had, and was not taken back. */
  readonly isWanted: boolean;
  /** Whether Supabase Auth was about to be asked when a loader was last heard of. */
  readonly wasBegun: boolean;
  /** What was put on record before it was asked; undefined: it never was. */
  readonly intended: { readonly mailedBefore: string | null } | undefined;
}

/** The claim has run out, and somebody else has the person; or the account is not wanted any more. */
export class ClaimLost extends Error {}

/** Why nobody is to be invited. */
export type Left = "signed_in" | "gone" | "not_ours" | "banned" | "no_address" | "unwanted";

const WANTED = "a.state = 'done' and a.reason is null and a.made_by = i.made_by";

const CLAIM = `
  with due as materialized (
    select legacy_id from migration.account_invitations
    where state in ('due', 'sending') and (due_at is null or due_at <= now()) and (claimed_until is null or claimed_until <= now())
    order by due_at nulls first, legacy_id limit $1 for update skip locked)
  update migration.account_invitations i set claimed_until = clock_timestamp() + $2 * interval '1 ms'
  from due join migration.accounts a using (legacy_id)
  where i.legacy_id = due.legacy_id
  returning i.legacy_id as "legacyId", i.claimed_until::text as until, a.profile_id::text as "profileId", i.method, i.made_by as "madeBy", ${LEDGER_ID} as ledger, ${WANTED} as "isWanted",
    i.state = 'sending' as "wasBegun", i.intended_at is not null as "isIntended", i.mailed_before as "mailedBefore"`;

interface Row extends Omit<Claimed, "intended"> {
  readonly isIntended: boolean;
  readonly mailedBefore: string | null;
}

/** Claims what is due, and what a loader began and did not end. */
export async function claimDue(target: Pool, limit: number, claimMs: number): Promise<Claimed[]> {
  const { rows } = await target.query<Row>(CLAIM, [limit, claimMs]);
  return rows.map(({ isIntended, mailedBefore, ...row }) => ({
    ...row,
    intended: isIntended ? { mailedBefore } : undefined,
  }));
}

const MINE = "i.legacy_id = $1 and i.claimed_until = $2::timestamptz";

function keyOf({ legacyId, until }: Claimed): unknown[] {
  return [legacyId, until];
}

/** Puts on record that Supabase Auth is about to be asked, and renews the claim. Throws `ClaimLost`. */
export async function intend(
  target: Pool,
  claimed: Claimed,
  mailedBefore: string | null,
  claimMs: number,
): Promise<Claimed> {
  const { rows } = await target.query<{ until: string }>(
    `update migration.account_invitations i set state = 'sending', intended_at = clock_timestamp(), mailed_before = $3::text,
       claimed_until = clock_timestamp() + $4 * interval '1 ms'
     from migration.accounts a where a.legacy_id = i.legacy_id and ${MINE} and ${WANTED} returning i.claimed_until::text as until`,
    [...keyOf(claimed), mailedBefore, claimMs],
  );
  const [row] = rows;
  if (row === undefined) throw new ClaimLost();
  return { ...claimed, until: row.until, wasBegun: true, intended: { mailedBefore } };
}

/** How it ended. */
export type End =
  | { readonly state: "sent" | "unsure" }
  | { readonly state: "left"; readonly code: Left }
  | { readonly state: "refused"; readonly code: string };

/** Of what is refused, or left, no mail is on its way. */
export async function finish(target: Pool, claimed: Claimed, end: End): Promise<void> {
  const code = "code" in end ? end.code : null;
  await target.query(
    `update migration.account_invitations i set state = $3::text, code = $4::text, claimed_until = null, due_at = null,
       settled_at = clock_timestamp(), intended_at = case when $4::text is null then i.intended_at end
     where ${MINE}`,
    [...keyOf(claimed), end.state, code],
  );
}

/** Nobody was asked, or no mail left: the person is due again in so many milliseconds, as he was before he was claimed. */
export async function snooze(target: Pool, claimed: Claimed, inMs: number): Promise<void> {
  await target.query(
    `update migration.account_invitations i set state = $4::text, claimed_until = null, due_at = now() + $3 * interval '1 ms',
       intended_at = case when $5::boolean then i.intended_at end, mailed_before = case when $5::boolean then i.mailed_before end
     where ${MINE}`,
    [...keyOf(claimed), inMs, claimed.wasBegun ? "sending" : "due", claimed.intended !== undefined],
  );
}
