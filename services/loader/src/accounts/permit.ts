/** Permits: what is asked of Supabase Auth is let through by a budget that all loaders share, and the budget is told what came of it. */
import { AuthFailure, type FailureKind } from "@nexus/shared/auth";
import type { Budget, CallOutcome } from "@nexus/shared/ledger";

/** There is no permit now: nobody was called. */
export class Postponed extends Error {
  readonly ms: number;
  constructor(ms: number) {
    super("no permit");
    this.ms = ms;
  }
}

/** Makes the calls that were permitted. */
export type Permit = <T>(calls: () => Promise<T>) => Promise<T>;

interface Shared {
  readonly budget: Budget;
  /** When Supabase Auth last did what it was asked to; left out: nobody asks. */
  readonly health?: { answeredAt: number };
}

/**
 * Takes a permit. Throws `Postponed`. What comes of it says how well Supabase Auth is: that it finds somebody does not say that it can create.
 * `pauseMs`: for how long everybody stays away from a limit that does not say so; null: the budget decides.
 */
export async function takePermit(
  { budget, health }: Shared,
  pauseMs: number | null = null,
): Promise<Permit> {
  const grant = await budget.reserve(0);
  if (grant.kind !== "granted")
    throw new Postponed(grant.kind === "wait" ? grant.ms : grant.retryMs);
  const record = (outcome: CallOutcome): Promise<void> => budget.record(grant.reservation, outcome);
  return async (calls) => {
    try {
      const result = await calls();
      if (health !== undefined) health.answeredAt = performance.now();
      await record({ kind: "used", tokens: 0 });
      return result;
    } catch (error) {
      if (error instanceof AuthFailure) await record(OUTCOMES[error.kind](error, pauseMs));
      throw error;
    }
  };
}

const answered = (): CallOutcome => ({ kind: "rejected" });

/** What a failure says of Supabase Auth as a whole. */
const OUTCOMES: {
  readonly [K in FailureKind]: (failure: AuthFailure, pauseMs: number | null) => CallOutcome;
} = {
  throttled: ({ retryAfterMs }, pauseMs) => ({
    kind: "throttled",
    retryAfterMs: retryAfterMs ?? pauseMs,
  }),
  stop: ({ code }) => ({ kind: "stopped", code }),
  retry: () => ({ kind: "failed" }),
  taken: answered,
  user: answered,
};

/** Says to everybody that a call which needs no permit was refused as all others would be. */
export async function reportStop(budget: Budget, code: string): Promise<void> {
  const grant = await budget.reserve(0);
  if (grant.kind === "granted") await budget.record(grant.reservation, { kind: "stopped", code });
}
