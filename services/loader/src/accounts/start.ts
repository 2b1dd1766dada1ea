/** Opens what the accounts stage needs, and starts its one duty, beside the loading of batches. */
import type { Config } from "@nexus/shared/config";
import { ACCOUNT_BUDGET, openBudget } from "@nexus/shared/ledger";
import { type Closers, startTicker } from "@nexus/shared/runtime";
import { seldom } from "@nexus/shared/telemetry";
import type { Deps } from "../deps.ts";
import { startInvitations } from "../invitations/start.ts";
import { openAuthAdmin } from "@nexus/shared/auth/client";
import type { accountVariables } from "./config.ts";
import type { AccountDeps } from "./deps.ts";
import { makeAccounts } from "./make-accounts.ts";

/** Starts to make accounts, until the process closes: what is under way is finished first. */
export async function startAccounts(
  deps: Pick<Deps, "legacy" | "target" | "legacyStatementMs" | "log">,
  config: Config<typeof accountVariables>,
  closers: Closers,
): Promise<void> {
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
  closers.push("accounts", () => ticker.stop());
  const timeoutMs = config.SUPABASE_TIMEOUT_MS;
  await startInvitations(config, { target, admin, timeoutMs }, { log, closers });
}
