import { accountStallInWords, type AccountsView } from "@nexus/contract";
import { type Pool, type Queryable, readOnly } from "@nexus/shared/database";
import {
  ACCOUNT_BUDGET,
  type AccountsStanding,
  accountsStanding,
  undecidedAccounts,
  type WaitingAccounts,
} from "@nexus/shared/ledger";
import { and, eq, query, rateBudget, read, sql } from "@nexus/shared/tables";
import { count } from "../words.ts";
import { type Finding, note, well, wrong } from "./finding.ts";

const STATEMENT_MS = 15_000;

/** Whether accounts of Supabase Auth are decided about and made, where runs ask for them, and who waits for a person. */
export async function examineAccounts(target: Pool): Promise<Finding[]> {
  return await readOnly(target, examine, { statementMs: STATEMENT_MS });
}

async function examine(tx: Queryable): Promise<Finding[]> {
  const standing = await accountsStanding(tx);
  const { status, done, due, removing } = standing.progress;
  if (status === "off") return [];
  const open = due + removing;
  const found = [
    ...stallFindings(standing),
    ...(open > 0 ? await pauses(tx, open) : []),
    ...(await undecidedAccounts(tx)).map(waitingNote),
  ];
  if (found.length > 0) return found;
  const says = `${count(done)} accounts are there, ${count(open)} are due`;
  return [well("accounts", status === "waiting" ? "who gets one is decided later" : says)];
}

/** The same by what the API says, where the ledger itself could not be read. */
export function examineAccountsView(accounts: AccountsView | null | undefined): Finding[] {
  if (accounts === null || accounts === undefined) return [];
  const { stalled, pausedBecause, due, removing } = accounts;
  return [
    ...(stalled === null ? [] : [stalledAccounts(stalled)]),
    ...(pausedBecause === null ? [] : [pausedFor(pausedBecause, pausedBecause, due + removing)]),
  ];
}

function stallFindings({ stall, progress: { due, removing } }: AccountsStanding): Finding[] {
  if (stall === undefined) return [];
  return [stalledAccounts({ of: stall.of, says: accountStallInWords(stall, due + removing) })];
}

/** That they stand still, whatever the cause. */
function stalledAccounts({
  of,
  says,
}: {
  readonly of: "decision" | "accounts";
  readonly says: string;
}): Finding {
  return of === "decision"
    ? wrong(
        "accounts",
        "accounts_undecided",
        says,
        "start an extractor (npm run start:extractor); where one runs, its log says why",
      )
    : wrong(
        "accounts",
        "accounts_stalled",
        says,
        "start a loader with ACCOUNTS=on, SUPABASE_URL and SUPABASE_SERVICE_ROLE_KEY; where one runs, its log says why",
      );
}

const paused = {
  reason: rateBudget.pause_reason,
  code: rateBudget.pause_code,
  probe: sql<
    number | null
  >`greatest(0, extract(epoch from ${rateBudget.probe_at} - now()))::integer`,
};

async function pauses(tx: Queryable, open: number): Promise<Finding[]> {
  const isPaused = sql`${rateBudget.pause_reason} is not null`;
  const ours = and(eq(rateBudget.model, ACCOUNT_BUDGET), isPaused);
  const [found] = await read(tx, query.select(paused).from(rateBudget).where(ours));
  if (found === undefined) return [];
  const { reason, code, probe } = found;
  const because = code === null || code === reason ? reason : `${reason}: ${code}`;
  return [pausedFor(reason, `${because}; it is asked again in ${probe ?? 0} s`, open)];
}

/** `reason`: of the pause, or its code. */
function pausedFor(reason: string | null, because: string | null, open: number): Finding {
  const rest = `(${because}); ${count(open)} accounts are due`;
  if (reason === "throttled")
    return note(
      "accounts",
      "accounts_throttled",
      `Supabase Auth, or a gateway before it, throttles us ${rest}`,
      "wait; if it stays so, look at the project's rate limits",
    );
  const next =
    reason === "unavailable"
      ? "look whether Supabase Auth is well; it is tried again by itself"
      : "look at SUPABASE_URL and SUPABASE_SERVICE_ROLE_KEY of the loaders, and at the project; it is tried again by itself";
  return wrong("accounts", "accounts_paused", `making accounts is paused ${rest}`, next);
}

function waitingNote({ kind, reason, accounts }: WaitingAccounts): Finding {
  if (kind === "refused")
    return note(
      "accounts",
      "accounts_refused",
      `${count(accounts)} accounts were refused (${reason}), and nobody has decided about them`,
      `nexus accounts exceptions --state refused; once that is mended, nexus accounts requeue --because ${reason}`,
    );
  return note(
    "accounts",
    "accounts_unwanted",
    `${count(accounts)} accounts are there whose users are to have none any more (${reason})`,
    "nexus accounts exceptions --state unwanted; ban or delete them at Supabase Auth, if they should not sign in",
  );
}
