/** What the consumer of Dify stands on. */
import type { Content } from "@nexus/catalog";
import type { Pool } from "@nexus/shared/database";
import type { Log } from "@nexus/shared/telemetry";
import type { Budget } from "../budget/budget.ts";
import type { Dify } from "./client.ts";

export interface DifyDeps {
  readonly target: Pool;
  readonly dify: Dify;
  readonly budget: Budget;
  readonly contents: ReadonlyMap<string, Content>;
  readonly log: Log;
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
