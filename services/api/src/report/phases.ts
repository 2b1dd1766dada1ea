/** The phases of a run: what each took, and its part of the time to come. */
import type { Eta, Report } from "@nexus/contract";
import type { Account } from "../queries/account-of-run.ts";
import type { ProgressRow } from "./standing.ts";

type Phase = Report["time"]["phases"][number];
type Estimated = Report["time"]["load"];

/** An estimate that names where its numbers come from. */
export function named(
  eta: Eta | null,
  query: NonNullable<Estimated>["query"] = "estimate",
): Estimated {
  return eta === null ? null : { query, ...eta };
}

const STATES: Readonly<Record<ProgressRow["status"], Phase["state"]>> = {
  counting: "ahead",
  waiting: "ahead",
  loading: "active",
  checking: "active",
  complete: "done",
  complete_with_exceptions: "done",
  unproven: "done",
  blocked: "stopped",
  left_out: "left_out",
  stopped: "stopped",
};

/** A phase for each entity. `work`: what is left of each, in units of equal cost; entities that load at once share their time. */
export function loadPhases(
  rows: readonly ProgressRow[],
  accounts: readonly Account[],
  eta: Eta | null,
  work: ReadonlyMap<string, number>,
): Phase[] {
  const all = [...work.values()].reduce((sum, one) => sum + one, 0);
  return rows.map(({ entity, status, unread }) => {
    const share = all > 0 ? (work.get(entity) ?? 0) / all : 0;
    return {
      phase: entity,
      state: STATES[status],
      seconds: accounts.find((account) => account.entity === entity)?.seconds ?? null,
      left: unread,
      eta: eta === null || share === 0 ? null : named(partOf(eta, share)),
    };
  });
}

function partOf({ seconds, earliest, latest }: Eta, share: number): Eta {
  return {
    seconds: Math.ceil(seconds * share),
    earliest: Math.floor(earliest * share),
    latest: Math.ceil(latest * share),
  };
}

/** Embedding goes on when the load is done; its time is not measured per run. */
export function embeddingPhase({ open, done }: Report["embedding"], eta: Eta | null): Phase {
  const state = open > 0 ? "active" : done > 0 ? "done" : "ahead";
  return {
    phase: "embedding",
    state,
    seconds: null,
    left: open,
    eta: named(eta, "estimate_embedding"),
  };
}
