/** What the consumer of Dify stands on. */
import type { Content } from "@nexus/catalog";
import type { Pool } from "@nexus/shared/database";
import type { Budget } from "@nexus/shared/ledger";
import type { Log } from "@nexus/shared/telemetry";
import type { Dify } from "./client.ts";

export interface DifyDeps {
  readonly target: Pool;
  readonly dify: Dify;
  readonly budget: Budget;
  readonly contents: ReadonlyMap<string, Content>;
  readonly log: Log;
  /** Told of each content event that was taken in: seconds since it was written. */
  readonly consumed: (seconds: number) => void;
  readonly settings: Pace;
  /** When Dify last answered this process, by `performance.now()`. */
  readonly health: { answeredAt: number };
}

/** All in milliseconds: see config.ts. */
interface Pace {
  readonly claimMs: number;
  readonly settleMs: number;
  readonly ratePauseMs: number;
  readonly pollMs: number;
  readonly retryMs: number;
}
