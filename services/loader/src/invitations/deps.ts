/** What sending invitations stands on. */
import type { AuthAdmin } from "@nexus/shared/auth";
import type { Pool } from "@nexus/shared/database";
import type { Budget } from "@nexus/shared/ledger";
import type { Log } from "@nexus/shared/telemetry";

export interface InvitationDeps {
  readonly target: Pool;
  readonly admin: Pick<AuthAdmin, "findContact" | "invite">;
  readonly budget: Budget;
  readonly log: Log;
  readonly settings: {
    /** Milliseconds for which a person is one loader's: longer than its calls take together. */
    readonly claimMs: number;
    /** Milliseconds for which everybody stays away from a limit that does not say for how long. */
    readonly pauseMs: number;
    /** Milliseconds until a person is looked at again whom Supabase Auth said nothing of. */
    readonly retryMs: number;
    /** Where the links lead; undefined: to the project's own address. */
    readonly redirectTo: string | undefined;
  };
}
