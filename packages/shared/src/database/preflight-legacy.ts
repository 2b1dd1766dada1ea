/** Before anything is read: is the source there, new enough, readable, and does it have what the mapping needs? */
import { type Entity, knownTables, type SourceShape } from "@nexus/catalog";
import type { SourceRules } from "../config/database-variables.ts";
import { ConfigurationError, UnavailableError } from "../config/failure.ts";
import { lostElsewhere } from "./failures.ts";
import { awayFromSource } from "./foreign-tables.ts";
import { inspectBesidesLocked } from "./inspect-besides-locked.ts";
import { inspectSource, type SourceNote } from "./inspect-source.ts";
import type { Pool } from "./pool.ts";
import { lostMeanwhile, placeOf, reachLegacy } from "./reach.ts";
import { readOnly } from "./transaction.ts";

const STATEMENT_MS = 30_000;

/** Milliseconds to wait for a table that somebody has locked. */
const LOCK_MS = 2_000;

/** The shape of a source that can be read, and what is worth knowing of it. */
export interface FitSource extends SourceShape {
  readonly notes: readonly SourceNote[];
}

/**
 * Returns the shape of the source. Throws `UnavailableError`, or one `ConfigurationError` that lists everything that keeps its
 * rows from being read, with what to do. Only reads: the catalog, keys of tables that nothing keeps unique, and some
 * values of text that is taken for dates. Tables that somebody
 * has locked are named in a note and not looked at: a service that waited for them could not say what everybody waits for.
 */
export async function preflightLegacy(
  pool: Pool,
  entities: readonly Entity[],
  rules: SourceRules = {},
): Promise<FitSource> {
  await reachLegacy(pool);
  const look = (of: readonly Entity[]) =>
    readOnly(
      pool,
      async (tx) => {
        await tx.query(`set local lock_timeout = ${LOCK_MS}`);
        return await inspectSource(tx, of, rules);
      },
      { statementMs: STATEMENT_MS },
    );
  const { shape, problems, notes } = await inspectBesidesLocked(look, entities).catch(
    async (error: unknown) => {
      throw (await elsewhere(pool, error)) ?? lostMeanwhile(pool, "LEGACY_URL", error);
    },
  );
  if (problems.length > 0)
    throw new ConfigurationError(`LEGACY_URL (${placeOf(pool)}): ${problems.join("; ")}`);
  return { ...shape, notes };
}

/** Of a server behind the source that is away: which tables lie there. Undefined where it is none's. */
async function elsewhere(pool: Pool, cause: unknown): Promise<UnavailableError | undefined> {
  if (!lostElsewhere(cause)) return undefined;
  const away = await awayFromSource(pool, knownTables, STATEMENT_MS).catch(() => []);
  if (away.length === 0) return undefined;
  return new UnavailableError(`LEGACY_URL (${placeOf(pool)}): ${away.join("; ")}`, { cause });
}
