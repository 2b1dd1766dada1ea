/** One answer for all who ask how far the run is: computed at most once in a while, however many they are. */
import { createHash } from "node:crypto";
import type { RunView } from "@nexus/contract";

export interface Snapshot {
  /** The same for the same answer, whichever process gives it. */
  readonly id: string;
  readonly view: RunView;
  /** The view as it is sent: written once for all readers. */
  readonly json: string;
}

export interface ProgressFeed {
  /** The newest answer. A caller that asks a moment too late also gets it, while the next one is computed. */
  current(): Promise<Snapshot>;
}

/** An answer is given out for up to so many times as long as it is fresh, while another one is under way. */
const PATIENCE = 2;

/** `freshMs`: how long an answer, or a failure, is good for. The ledger's counts are rolled up twice a second. */
export function openProgressFeed(compute: () => Promise<RunView>, freshMs: number): ProgressFeed {
  let newest: { readonly at: number; readonly snapshot: Promise<Snapshot> } | undefined;
  let underWay: Promise<Snapshot> | undefined;

  async function next(): Promise<Snapshot> {
    const at = performance.now();
    const snapshot = compute().then(asSnapshot);
    try {
      return await snapshot;
    } finally {
      newest = { at, snapshot };
      underWay = undefined;
    }
  }

  return {
    current: async () => {
      const age = newest === undefined ? Infinity : performance.now() - newest.at;
      if (newest !== undefined && age < freshMs) return await newest.snapshot;
      underWay ??= next();
      if (newest === undefined || age >= PATIENCE * freshMs) return await underWay;
      underWay.catch(() => undefined); // Whoever asks next is told.
      return await newest.snapshot;
    },
  };
}

function asSnapshot(view: RunView): Snapshot {
  const json = JSON.stringify(view);
  return { id: createHash("sha256").update(json).digest("base64url").slice(0, 22), view, json };
}
