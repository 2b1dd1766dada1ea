/** Waiting for a migration that somebody else makes. */
import { setTimeout as pause } from "node:timers/promises";
import { UnavailableError } from "../config/failure.ts";
import { requireReadableLedger } from "../database/ledger-owner.ts";
import type { Pool } from "../database/pool.ts";
import { reachTarget } from "../database/reach.ts";
import { ledgerVersions, newerVersions, versionsIn } from "../database/schema-versions.ts";

const BETWEEN_LOOKS_MS = 1_000;

/**
 * Resolves when the target has the schema of this release, or of a newer one that it can work with. Reads only. A target that is
 * away is waited for, too. Throws `UnavailableError` after that many minutes, `ConfigurationError` where waiting does not help.
 */
export async function untilMigrated(target: Pool, minutes: number): Promise<void> {
  const end = performance.now() + minutes * 60_000;
  for (;;) {
    const lacking = await whatIsLacking(target);
    if (lacking === undefined) return;
    if (performance.now() >= end)
      throw new UnavailableError(
        `TARGET_URL: ${lacking} after ${minutes} min of waiting: run nexus migrate, or look why its job does not end`,
      );
    await pause(BETWEEN_LOOKS_MS);
  }
}

async function whatIsLacking(target: Pool): Promise<string | undefined> {
  try {
    await reachTarget(target);
    await requireReadableLedger(target);
    const present = (await versionsIn(target)) ?? [];
    newerVersions(present);
    const missing = ledgerVersions().filter((version) => !present.includes(version));
    return missing.length === 0 ? undefined : `not migrated to this release (${missing.at(-1)})`;
  } catch (error) {
    if (error instanceof UnavailableError) return "cannot be reached";
    throw error;
  }
}
