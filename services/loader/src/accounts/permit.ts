/** Permits: work on an account is let through by the budget that all loaders share, and the budget is told what came of it. */
import type { CallOutcome } from "@nexus/shared/ledger";
import type { AccountDeps } from "./deps.ts";
import { AuthFailure, type FailureKind } from "@nexus/shared/auth";

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

/** Takes a permit. Throws `Postponed`. What comes of it says how well Supabase Auth is: that it finds somebody does not say that it can create. */
export async function takePermit({
  budget,
  health,
}: Pick<AccountDeps, "budget" | "health">): Promise<Permit> {
  const grant = await budget.reserve(0);
  if (grant.kind !== "granted")
    throw new Postponed(grant.kind === "wait" ? grant.ms : grant.retryMs);
  const record = (outcome: CallOutcome): Promise<void> => budget.record(grant.reservation, outcome);
  return async (calls) => {
    try {
      const result = await calls();
      health.answeredAt = performance.now();
      await record({ kind: "used", tokens: 0 });
      return result;
    } catch (error) {
      if (error instanceof AuthFailure) await record(OUTCOMES[error.kind](error));
      throw error;
    }
  };
}

const answered = (): CallOutcome => ({ kind: "rejected" });

/** What a failure says of Supabase Auth as a whole. */
const OUTCOMES: { readonly [K in FailureKind]: (failure: AuthFailure) => CallOutcome } = {
  throttled: ({ retryAfterMs }) => ({ kind: "throttled", retryAfterMs }),
  stop: ({ code }) => ({ kind: "stopped", code }),
  retry: () => ({ kind: "failed" }),
  taken: answered,
  user: answered,
};
