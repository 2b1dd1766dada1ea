/** What the accounts stage stands on. */
import type { Pool } from "@nexus/shared/database";
import type { Budget } from "@nexus/shared/ledger";
import type { Log } from "@nexus/shared/telemetry";
import type { AuthAdmin } from "@nexus/shared/auth";

export interface AccountDeps {
  readonly legacy: Pool;
  readonly target: Pool;
  readonly admin: AuthAdmin;
  readonly budget: Budget;
  readonly log: Log;
  readonly settings: Pace;
  /** When Supabase Auth did for this process what it was asked, or said why not, by `performance.now()`. */
  readonly health: { answeredAt: number };
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
