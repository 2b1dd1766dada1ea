/** One answer for all who ask how far the run is: computed at most once in a while, however many they are. */
import { createHash } from "node:crypto";
import type { RunView } from "@nexus/contract";

export interface Snapshot {
  /** The same for the same answer, whichever process gives it. */
  readonly id: string;
  readonly view: RunView;
}

export interface ProgressFeed {
  /** The newest answer; the one being computed if it is no longer fresh. */
  current(): Promise<Snapshot>;
}

/** `freshMs`: how long an answer, or a failure, is good for. The ledger's counts are folded once a second. */
export function openProgressFeed(compute: () => Promise<RunView>, freshMs: number): ProgressFeed {
  let newest: { readonly at: number; readonly snapshot: Promise<Snapshot> } | undefined;
  let underWay = false;
  return {
    current: async () => {
      if (newest !== undefined && (underWay || performance.now() - newest.at < freshMs))
        return await newest.snapshot;
      underWay = true;
      const snapshot = compute()
        .then((view) => ({ id: idOf(view), view }))
        .finally(() => (underWay = false));
      newest = { at: performance.now(), snapshot };
      return await snapshot;
    },
  };
}

function idOf(view: RunView): string {
  return createHash("sha256").update(JSON.stringify(view)).digest("base64url").slice(0, 22);
}
