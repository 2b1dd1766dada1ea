/** Permits: what changes something at Supabase Auth is let through by a budget that all loaders share, and told what came of it. */
import { AuthFailure } from "@nexus/shared/auth";
import type { Budget, CallOutcome } from "@nexus/shared/ledger";

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

/** Takes a permit. Throws `Postponed`. `pauseMs`: for how long everybody stays away from a limit that does not say so. */
export async function takePermit(budget: Budget, pauseMs: number): Promise<Permit> {
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
      if (error instanceof AuthFailure) await record(outcomeOf(error, pauseMs));
      throw error;
    }
  };
}

/** What a failure says of Supabase Auth as a whole. */
function outcomeOf({ kind, code, retryAfterMs }: AuthFailure, pauseMs: number): CallOutcome {
  switch (kind) {
    case "throttled":
      return { kind: "throttled", retryAfterMs: retryAfterMs ?? pauseMs };
    case "stop":
      return { kind: "stopped", code };
    case "retry":
      return { kind: "failed" };
    case "taken":
    case "user":
      return { kind: "rejected" };
  }
}

/** Says to everybody that a call which needs no permit was refused as all others would be. */
export async function reportStop(budget: Budget, code: string): Promise<void> {
  const grant = await budget.reserve(0);
  if (grant.kind === "granted") await budget.record(grant.reservation, { kind: "stopped", code });
}
