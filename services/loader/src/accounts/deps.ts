/** What the accounts stage stands on. */
import type { Pool } from "@nexus/shared/database";
import type { Budget } from "@nexus/shared/ledger";
import type { Log } from "@nexus/shared/telemetry";
import type { AuthAdmin } from "@nexus/shared/auth";
import type { Health } from "./permit.ts";

export interface AccountDeps {
  readonly legacy: Pool;
  readonly target: Pool;
  readonly admin: AuthAdmin;
  readonly budget: Budget;
  readonly log: Log;
  readonly settings: Pace;
  readonly health: Health;
}

interface Pace {
  /** Milliseconds for which an account is claimed; whoever works on it renews that. */
  readonly claimMs: number;
  /** Milliseconds before a failed one is tried again, the first time. */
  readonly retryMs: number;
  readonly legacyStatementMs: number;
  /** The zone of times without one, where a run does not say. */
  readonly zone?: string | undefined;
}
