/** Before anything is read: is the source there, new enough, readable, and does it have what the mapping needs? */
import type { Entity, SourceShape } from "@nexus/catalog";
import type { SourceRules } from "../config/database-variables.ts";
import { ConfigurationError } from "../config/failure.ts";
import { errorCode } from "./failures.ts";
import { type Inspection, inspectSource, type SourceNote } from "./inspect-source.ts";
import type { Pool } from "./pool.ts";
import { lostMeanwhile, placeOf, reachLegacy } from "./reach.ts";
import { readOnly } from "./transaction.ts";

const STATEMENT_MS = 30_000;

/** Milliseconds to wait for a table that somebody has locked. */
const LOCK_MS = 2_000;

type Look = (of: readonly Entity[]) => Promise<Inspection>;

/** The shape of a source that can be read, and what is worth knowing of it. */
export interface FitSource extends SourceShape {
  readonly notes: readonly SourceNote[];
}

/**
 * Returns the shape of the source. Throws `UnavailableError`, or one `ConfigurationError` that lists everything that keeps its
 * rows from being read, with what to do. Only reads: the catalog, and keys of tables that nothing keeps unique. Tables that somebody
 * has locked are named in a note and not looked at: a service that waited for them could not say what everybody waits for.
 */
export async function preflightLegacy(
  pool: Pool,
  entities: readonly Entity[],
  rules: SourceRules = {},
): Promise<FitSource> {
  await reachLegacy(pool);
  const look: Look = (of) =>
    readOnly(
      pool,
      async (tx) => {
        await tx.query(`set local lock_timeout = ${LOCK_MS}`);
        return await inspectSource(tx, of, rules);
      },
      { statementMs: STATEMENT_MS },
    );
  const { shape, problems, notes } = await besidesLocked(look, entities).catch((error: unknown) => {
    throw lostMeanwhile(pool, "LEGACY_URL", error);
  });
  if (problems.length > 0)
    throw new ConfigurationError(`LEGACY_URL (${placeOf(pool)}): ${problems.join("; ")}`);
  return { ...shape, notes };
}

/** Looks at all at once; where a table is locked, at each entity by itself. */
async function besidesLocked(look: Look, entities: readonly Entity[]): Promise<Inspection> {
  const whole = await unlessLocked(look(entities));
  if (whole !== undefined) return whole;
  const { shape } = await look([]);
  const seen: Inspection[] = [];
  const locked: string[] = [];
  for (const entity of entities) {
    const one = await unlessLocked(look([entity]));
    if (one === undefined) locked.push(entity.name);
    else seen.push(one);
  }
  const notes = new Map(seen.flatMap((one) => one.notes).map((note) => [note.says, note]));
  const says = `a table that ${locked.join(", ")} are read from is locked, and was not looked at: whoever holds the lock (pg_locks) holds up these`;
  return {
    shape,
    problems: [...new Set(seen.flatMap((one) => one.problems))],
    notes: [...notes.values(), ...(locked.length === 0 ? [] : [{ code: "locked" as const, says }])],
  };
}

async function unlessLocked(looking: Promise<Inspection>): Promise<Inspection | undefined> {
  try {
    return await looking;
  } catch (error) {
    if (errorCode(error) !== "55P03") throw error;
    return undefined;
  }
}
