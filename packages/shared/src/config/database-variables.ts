/** The variables of the databases, alike for every service but for how many connections it takes. */
import type { Config } from "./parse.ts";
import { databaseUrl, number } from "./variables.ts";

/** Where the target is. */
export const targetUrl = databaseUrl({
  meaning: "the target database; direct connection or session mode",
});

/** Where the source is. */
export const legacyUrl = databaseUrl({ meaning: "the legacy database, read only" });

/** `connections`: how many a process takes if it is told nothing, and the fewest that it can work with. */
interface Connections {
  readonly connections: number;
  readonly least?: number;
}

export type TargetSettings = Config<ReturnType<typeof targetVariables>>;
export type LegacySettings = Config<ReturnType<typeof legacyVariables>>;

/** The variables of who writes to the target. */
export function targetVariables({ connections, least = 1 }: Connections) {
  return {
    TARGET_URL: targetUrl,
    TARGET_POOL: number(least, 50, {
      meaning: "connections to the target, at most",
      fallback: String(connections),
      danger: "replicas × pool must stay under the target's connection limit",
    }),
  };
}

/** The variables of who reads the legacy database. */
export function legacyVariables({ connections, least = 1 }: Connections) {
  return {
    LEGACY_URL: legacyUrl,
    LEGACY_POOL: number(least, 50, {
      meaning: "connections to the legacy database, at most",
      fallback: String(connections),
      danger: "the legacy database is live: replicas × pool is what it must bear",
    }),
    LEGACY_STATEMENT_MS: number(100, 600_000, {
      meaning: "milliseconds after which the legacy server ends a statement of ours",
      fallback: "60000",
    }),
  };
}
