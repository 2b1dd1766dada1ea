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

/** Makes the calls that were permitted. They say when they are about to change something. */
export type Permit = <T>(calls: (changing: () => void) => Promise<T>) => Promise<T>;

/** How well Supabase Auth is for this process. */
export interface Health {
  /** When it last changed something, or said why not, by `performance.now()`. */
  answeredAt: number;
  /** Whether it gave no answer when it was to change something last. */
  isSilent?: boolean;
}

interface Shared {
  readonly budget: Budget;
  /** Left out: nobody asks. */
  readonly health?: Health;
}

/**
 * Takes a permit. Throws `Postponed`. What comes of it says how well Supabase Auth is: that it finds somebody does not say that it can create. So
 * after a change that was not answered, finding somebody ends no pause.
 * `pauseMs`: for how long everybody stays away from a limit that does not say so; null: the budget decides.
 */
export async function takePermit(
  { budget, health = { answeredAt: 0 } }: Shared,
  pauseMs: number | null = null,
): Promise<Permit> {
  const grant = await budget.reserve(0);
  if (grant.kind !== "granted")
    throw new Postponed(grant.kind === "wait" ? grant.ms : grant.retryMs);
  const record = (outcome: CallOutcome): Promise<void> => budget.record(grant.reservation, outcome);
  return async (calls) => {
    let changes = false;
    try {
      const result = await calls(() => (changes = true));
      if (changes) answers(health);
      if (health.isSilent !== true) await record({ kind: "used", tokens: 0 });
      return result;
    } catch (error) {
      if (!(error instanceof AuthFailure)) throw error;
      const outcome = OUTCOMES[error.kind](error, pauseMs);
      if (outcome.kind === "rejected") answers(health);
      if (outcome.kind === "failed" && changes) health.isSilent = true;
      await record(outcome);
      throw error;
    }
  };
}

function answers(health: Health): void {
  health.answeredAt = performance.now();
  health.isSilent = false;
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
