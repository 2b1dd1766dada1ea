/** Accounts of Supabase Auth as plain lines. */
import type { AccountsView } from "@nexus/contract";
import { count, countsInWords } from "../words.ts";

/** In a line or two, below a run: they are made beside it and after it. */
export function accountLines(accounts: AccountsView | null | undefined): string[] {
  if (accounts === null || accounts === undefined) return [];
  const { status, stalled } = accounts;
  if (stalled !== null) return [`accounts STAND STILL: ${stalled.says} (nexus accounts)`];
  if (status === "waiting")
    return ["accounts: who gets one is decided once the profiles have settled"];
  return [`accounts: ${madeSo(accounts)} (nexus accounts)`];
}

/** Everything. */
export function accountsInFull(accounts: AccountsView): string[] {
  const { status, runId, users, wanted, none, refused, unwanted, removing, passwords } = accounts;
  if (status === "off")
    return [
      "no run has asked for accounts of Supabase Auth (ACCOUNTS=on, or nexus start --accounts)",
    ];
  return [
    `accounts of Supabase Auth, since run ${runId}: ${STATUS[status](accounts)}`,
    `${count(wanted)} of ${count(users)} users are to have one: ${madeSo(accounts)}`,
    ...(accounts.stalled === null ? [] : [`STAND STILL: ${accounts.stalled.says}`]),
    ...listed("none for", none, "nexus accounts exceptions"),
    ...listed("refused", refused, "nexus accounts exceptions --state refused"),
    ...(unwanted === 0
      ? []
      : [
          `there, and not wanted any more: ${count(unwanted)} (nexus accounts exceptions --state unwanted)`,
        ]),
    ...(removing === 0 ? [] : [`to be taken back by a rollback: ${count(removing)}`]),
    ...listed("passwords of those that were made:", passwords),
  ];
}

const STATUS: Readonly<
  Record<Exclude<AccountsView["status"], "off">, (accounts: AccountsView) => string>
> = {
  waiting: () => "who gets one is decided once the profiles have settled",
  paused: ({ pausedBecause }) => `paused because ${pausedBecause ?? "of nothing that is known"}`,
  making: () => "being made",
  settled: () => "nothing is due",
};

function madeSo({ status, pausedBecause, done, made, due, refused }: AccountsView): string {
  const refusals = Object.values(refused).reduce((sum, n) => sum + n, 0);
  const before = done - made;
  return [
    `${count(done)} are there${before > 0 ? ` (${count(before)} were before)` : ""}`,
    `${count(due)} are due${status === "paused" ? `, and PAUSED because ${pausedBecause ?? "?"}` : ""}`,
    ...(refusals > 0 ? [`${count(refusals)} are refused`] : []),
  ].join(", ");
}

function listed(what: string, counts: Readonly<Record<string, number>>, where?: string): string[] {
  if (Object.keys(counts).length === 0) return [];
  const most = Object.entries(counts).toSorted(([, one], [, other]) => other - one);
  return [
    `${what} ${countsInWords(Object.fromEntries(most))}${where === undefined ? "" : ` (${where})`}`,
  ];
}
