/** Opens what the accounts stage needs, and starts its duties, beside the loading of batches. */
import type { Config } from "@nexus/shared/config";
import { ACCOUNT_BUDGET, openBudget } from "@nexus/shared/ledger";
import { startTicker } from "@nexus/shared/runtime";
import { seldom } from "@nexus/shared/telemetry";
import type { Deps } from "../deps.ts";
import { startInvitations } from "../invitations/start.ts";
import { openAuthAdmin } from "@nexus/shared/auth/client";
import type { accountVariables } from "./config.ts";
import type { AccountDeps } from "./deps.ts";
import { makeAccounts } from "./make-accounts.ts";

/** Starts to make accounts, and to invite people. Returns how to stop: what is under way is finished. */
export async function startAccounts(
  deps: Pick<Deps, "legacy" | "target" | "legacyStatementMs" | "log">,
  config: Config<typeof accountVariables>,
): Promise<() => Promise<void>> {
  const { legacy, target, legacyStatementMs, log } = deps;
  const admin = openAuthAdmin({
    url: config.SUPABASE_URL,
    serviceRoleKey: config.SUPABASE_SERVICE_ROLE_KEY,
    timeoutMs: config.SUPABASE_TIMEOUT_MS,
  });
  const accountDeps: AccountDeps = {
    legacy,
    target,
    admin,
    budget: await openBudget(target, {
      model: ACCOUNT_BUDGET,
      requestsPerMinute: config.ACCOUNTS_PER_MINUTE ?? null,
      tokensPerMinute: null,
      usdPer1kTokens: 0,
      capUsd: null,
    }),
    log,
    // An account takes three calls at most.
    settings: {
      claimMs: 4 * config.SUPABASE_TIMEOUT_MS,
      retryMs: config.ACCOUNTS_RETRY_MS,
      legacyStatementMs,
    },
    health: { answeredAt: -Infinity },
  };
  const round = { calls: config.ACCOUNTS_CALLS, tickMs: config.ACCOUNTS_TICK_MS };
  const ticker = startTicker({
    runOnce: (signal) => makeAccounts(accountDeps, round, signal),
    onError: seldom((error, since) =>
      log.warn({ err: error, ...since }, "accounts could not be made, trying again"),
    ),
    retryMs: 2_000,
  });
  const timeoutMs = config.SUPABASE_TIMEOUT_MS;
  const inviting = await startInvitations(config, { target, admin, timeoutMs, log });
  return async () => void (await Promise.all([ticker.stop(), inviting.stop()]));
}
