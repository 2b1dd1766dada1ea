/** Permits: what changes something in Dify is let through by the budget that all consumers share, and told what came of it. */
import type { Budget, CallOutcome } from "@nexus/shared/ledger";
import { DifyFailure, type FailureKind } from "./failures.ts";

/** There is no permit now: nothing was called. */
export class Postponed extends Error {
  readonly ms: number;
  constructor(ms: number) {
    super("no permit");
    this.ms = ms;
  }
}

/** Makes the one call that was permitted. */
export type Permit = <T>(call: () => Promise<T>) => Promise<T>;

/** Takes a permit. Throws `Postponed`. `ratePauseMs`: for how long everybody stays away when Dify says that its limit is reached. */
export async function takePermit(budget: Budget, ratePauseMs: number): Promise<Permit> {
  const grant = await budget.reserve(0);
  if (grant.kind !== "granted")
    throw new Postponed(grant.kind === "wait" ? grant.ms : grant.retryMs);
  const record = (outcome: CallOutcome): Promise<void> => budget.record(grant.reservation, outcome);
  return async (call) => {
    try {
      const result = await call();
      await record({ kind: "used", tokens: 0 });
      return result;
    } catch (error) {
      if (error instanceof DifyFailure) await record(OUTCOMES[error.kind](error, ratePauseMs));
      throw error;
    }
  };
}

const answered = (): CallOutcome => ({ kind: "rejected" });

/** What a failure says of Dify as a whole. */
const OUTCOMES: {
  readonly [K in FailureKind]: (failure: DifyFailure, ratePauseMs: number) => CallOutcome;
} = {
  throttled: (_, retryAfterMs) => ({ kind: "throttled", retryAfterMs }),
  stop: ({ code }) => ({ kind: "stopped", code }),
  retry: () => ({ kind: "failed" }),
  item: answered,
  gone: answered,
  busy: answered,
  taken: answered,
  closed: answered,
};
