/** What reports and evidence say of accounts of Supabase Auth. */
import { accountReasonInWords, type Report } from "@nexus/contract";
import type { Queryable } from "@nexus/shared/database";
import { type AccountProgress, accountProgress } from "@nexus/shared/ledger";
import { accountPasswords, accountReasons, decidedSum } from "../queries/account-sums.ts";
import type { Facts } from "./facts.ts";
import { type Block, section } from "./blocks.ts";
import { counted, inWords, plain } from "./wording.ts";

type Reported = NonNullable<Report["accounts"]>;

/** Null where no run has asked for any. */
export async function accountsOf(tx: Queryable): Promise<Reported | null> {
  const progress = await accountProgress(tx);
  return progress.status === "off" ? null : await reported(tx, progress);
}

async function reported(tx: Queryable, progress: AccountProgress): Promise<Reported> {
  const { status, users, wanted, due, done, made, unwanted, removing } = progress;
  const reasons = await accountReasons(tx);
  return {
    query: "accounts",
    status,
    users,
    wanted,
    without: users - wanted,
    due,
    done,
    made,
    refused: Object.values(progress.refused).reduce((sum, n) => sum + n, 0),
    unwanted,
    removing,
    ...(await decidedSum(tx)),
    reasons: {
      query: "accounts_reasons",
      rows: reasons.map((one) => ({ ...one, says: accountReasonInWords(one.reason) })),
    },
    passwords: { query: "accounts_passwords", rows: await accountPasswords(tx) },
  };
}

/** A sentence or two of the summary. */
export function accountsInWords({ accounts }: Facts): string[] {
  if (accounts === null) return [];
  const { users, wanted, without, done, due, refused, unwanted, removing, looked, unaccounted } =
    accounts;
  if (looked === null) return ["Accounts of Supabase Auth are yet to be decided about."];
  const parts = [
    `${inWords(done)} are there`,
    `${inWords(due)} to come`,
    `${inWords(refused)} refused`,
    ...(removing > 0 ? [`${inWords(removing)} to be taken back`] : []),
  ];
  return [
    `Accounts of Supabase Auth: ${inWords(wanted)} of ${counted(users, "user")} are to have one (${parts.join(", ")}); ${inWords(without)} get none, each for a reason on record.`,
    ...(unwanted > 0
      ? [
          `${inWords(unwanted)} ${unwanted === 1 ? "account is there whose user is" : "accounts are there whose users are"} to have none any more.`,
        ]
      : []),
    ...(unaccounted === 0
      ? []
      : [`The sum of accounts does not close: ${inWords(unaccounted ?? 0)} users are unknown.`]),
  ];
}

/** What a person does about them. */
export function stepsOfAccounts({ accounts }: Facts): string[] {
  if (accounts === null) return [];
  return [
    ...(accounts.refused > 0
      ? [
          "See which accounts were refused: GET /v1/accounts/exceptions?state=refused; once the cause is gone: POST /v1/accounts/requeue.",
        ]
      : []),
    ...(accounts.unwanted > 0
      ? [
          "Decide about accounts whose users are to have none any more: GET /v1/accounts/exceptions?state=unwanted.",
        ]
      : []),
  ];
}

/** The tables of reports and evidence. */
export function accountTables(accounts: Omit<Reported, "status"> | null): Block[] {
  if (accounts === null) return [];
  const counts: [string, number | null][] = [
    ["Users of the source, when it was decided last", accounts.looked],
    ["Users who were looked at", accounts.users],
    ["To have an account", accounts.wanted],
    ["Accounts that are there", accounts.done],
    ["Made by a run", accounts.made],
    ["To be made", accounts.due],
    ["Refused", accounts.refused],
    ["To be taken back", accounts.removing],
    ["To have none", accounts.without],
    ["There, and not wanted any more", accounts.unwanted],
    ["Unaccounted", accounts.unaccounted],
  ];
  return [
    ...section(
      "Accounts of Supabase Auth, all runs",
      "What, Count #",
      counts.map(([name, count]) => [name, count === null ? "not known" : inWords(count)]),
    ),
    ...section(
      "Why users have no account",
      "Kind, Code, Users #, Reason",
      accounts.reasons.rows.map(({ kind, reason, users, says }) => [
        kind,
        reason,
        inWords(users),
        says,
      ]),
    ),
    ...section(
      "Passwords of accounts that were made",
      "Password, Accounts #",
      accounts.passwords.rows.map(({ password, accounts: n }) => [plain(password), inWords(n)]),
    ),
  ];
}
