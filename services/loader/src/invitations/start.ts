/** Opens what sending invitations needs, and starts its one duty. */
import type { Config } from "@nexus/shared/config";
import { INVITATION_BUDGET, openBudget } from "@nexus/shared/ledger";
import { startTicker, type Ticker } from "@nexus/shared/runtime";
import { seldom } from "@nexus/shared/telemetry";
import type { invitationVariables } from "./config.ts";
import { sendInvitations } from "./consume.ts";
import type { InvitationDeps } from "./deps.ts";

/** Milliseconds for which everybody stays away from a limit that does not say for how long: Supabase counts mails by the hour. */
const PAUSE_MS = 60_000;

/** Milliseconds until somebody is looked at again of whom Supabase Auth said nothing. */
const RETRY_MS = 5_000;

/** Starts to invite people. `timeoutMs`: after which a call to Supabase Auth is given up. */
export async function startInvitations(
  config: Config<typeof invitationVariables>,
  {
    target,
    admin,
    timeoutMs,
    log,
  }: Pick<InvitationDeps, "target" | "admin" | "log"> & {
    readonly timeoutMs: number;
  },
): Promise<Ticker> {
  const budget = await openBudget(target, {
    model: INVITATION_BUDGET,
    requestsPerMinute: config.INVITATIONS_PER_MINUTE,
    tokensPerMinute: null,
    usdPer1kTokens: 0,
    capUsd: null,
  });
  const settings = {
    // A look, the mail, and a look at what became of it.
    claimMs: 4 * timeoutMs,
    pauseMs: PAUSE_MS,
    retryMs: RETRY_MS,
    redirectTo: config.INVITATION_REDIRECT_URL,
  };
  const deps = { target, admin, budget, log, settings };
  return startTicker({
    runOnce: () => sendInvitations(deps),
    onError: seldom((error, since) =>
      log.warn({ err: error, ...since }, "nobody was invited, trying again"),
    ),
    retryMs: 2_000,
  });
}
