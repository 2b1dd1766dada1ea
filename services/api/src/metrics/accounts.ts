/** Accounts of Supabase Auth: how many there are, who has none, and whether they stand still. */
import type { ByCode } from "@nexus/shared/ledger";
import { NO_ACCOUNT } from "@nexus/shared/states";
import { Gauge, type Registry } from "prom-client";
import type { AccountFigures } from "../queries/measure-accounts.ts";

const PAUSES = ["throttled", "unavailable", "stopped"] as const;
const STATES = ["due", "done", "unwanted", "removing"] as const;

/** Codes that are shown by themselves; Supabase Auth may have others. */
const REFUSALS = ["address_taken", "other"] as const;
const REASONS = [...NO_ACCOUNT, "other"] as const;

const NOTHING: AccountFigures = {
  due: 0,
  done: 0,
  unwanted: 0,
  removing: 0,
  refused: {},
  none: {},
  paused: null,
  stalledSeconds: 0,
};

/** Returns a function that sets the figures. Without accounts all are 0. */
export function openAccountMetrics(
  register: Registry,
): (figures: AccountFigures | undefined) => void {
  const gauge = <L extends string>(name: string, help: string, ...labelNames: L[]) =>
    new Gauge({ name, help, labelNames, registers: [register] });
  const accounts = gauge(
    "nexus_accounts",
    "Accounts of Supabase Auth by state: to be made or told their rights, there, there and not wanted any more, to be taken back.",
    "state",
  );
  const refused = gauge(
    "nexus_accounts_refused",
    "Accounts that Supabase Auth refuses, by code; a person must look.",
    "code",
  );
  const none = gauge(
    "nexus_accounts_none",
    "Users of the source who get no account, by reason, as it was decided last.",
    "reason",
  );
  const paused = gauge(
    "nexus_accounts_paused",
    "Whether all loaders pause making accounts, and why.",
    "reason",
  );
  const stalled = gauge(
    "nexus_accounts_stalled_seconds",
    "Seconds since an account was made or decided about while that could be done, from two minutes on; 0: they move, or nothing is to be done.",
  );
  return (figures = NOTHING) => {
    for (const state of STATES) accounts.set({ state }, figures[state]);
    for (const code of REFUSALS) refused.set({ code }, of(figures.refused, REFUSALS, code));
    for (const reason of REASONS) none.set({ reason }, of(figures.none, REASONS, reason));
    for (const reason of PAUSES) paused.set({ reason }, figures.paused === reason ? 1 : 0);
    stalled.set(figures.stalledSeconds);
  };
}

/** The count of a code; of `other`, all that have no name here. */
function of(counts: ByCode, known: readonly string[], code: string): number {
  if (code !== "other") return counts[code] ?? 0;
  const others = Object.entries(counts).filter(([one]) => !known.includes(one));
  return others.reduce((sum, [, n]) => sum + n, 0);
}
