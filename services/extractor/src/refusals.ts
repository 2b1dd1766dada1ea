/** Ticks that fail because a server refuses: said in the ledger while it lasts. */
import type { Server } from "@nexus/shared/database";
import { clearHold, recordRefusal } from "@nexus/shared/ledger";
import type { Deps } from "./deps.ts";

/** What is remembered of failed rounds. */
export interface Refusals {
  failed(error: unknown): void;
  /** Resolves with what the round resolved to, once it is told that nothing is refused any more. */
  passed<T>(round: Promise<T>): Promise<T>;
}

/** A memory of nothing. */
export function watchRefusals({ target }: Pick<Deps, "target">): Refusals {
  let refused: Server | undefined;
  return {
    failed: (error) =>
      void recordRefusal(target, error).then((server) => (refused = server ?? refused)),
    passed: async (round) => {
      const result = await round;
      const server = refused;
      refused = undefined;
      if (server !== undefined) await clearHold(target, server);
      return result;
    },
  };
}
