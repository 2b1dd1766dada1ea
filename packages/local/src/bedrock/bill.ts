/** What the stand-in would charge for. Texts are kept as hashes only. */
import { createHash } from "node:crypto";

/** What `GET /bill` answers. */
export interface Bill {
  /** Calls of InvokeModel, whatever became of them. */
  readonly calls: number;
  /** Those that are paid for: let in, and not met by a fault. Also when the caller had gone before the answer. */
  readonly billed: number;
  /** Input tokens of the billed calls. */
  readonly tokens: number;
  /** Different texts among the billed calls: `billed - distinctTexts` were paid for again. */
  readonly distinctTexts: number;
  /** Answered 429, for the quota or by a fault. */
  readonly throttled: number;
  /** Met by a fault of the schedule. */
  readonly faults: number;
  /** TCP connections that were opened, also those for the bill. */
  readonly connections: number;
}

export interface Ledger {
  count(what: "calls" | "throttled" | "faults" | "connections"): void;
  charge(text: string, tokens: number): void;
  bill(): Bill;
}

export function openLedger(): Ledger {
  const counts = { calls: 0, billed: 0, tokens: 0, throttled: 0, faults: 0, connections: 0 };
  const texts = new Set<string>();
  return {
    count: (what) => void (counts[what] += 1),
    charge(text, tokens) {
      counts.billed += 1;
      counts.tokens += tokens;
      texts.add(createHash("sha256").update(text).digest("base64"));
    },
    bill: () => ({ ...counts, distinctTexts: texts.size }),
  };
}
