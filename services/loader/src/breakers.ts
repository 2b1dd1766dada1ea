/**
 * Poison: rows whose batch loses its connection each time (a crash of the server's process, a message too large, memory), while
 * others get through. They are found by trying parts of the batch without keeping them, and refused.
 */
import type { LoadedRow } from "@nexus/catalog";
import { connectionBroke } from "@nexus/shared/database";
import type { Portion, ReadRow } from "./read-rows.ts";
import type { Key } from "./source.ts";
import { untilWell } from "./until-well.ts";
import { upsertBisecting, type Write, type Written } from "./upsert.ts";

/** The reason of rows, and the code of batches, that do so. */
export const BREAKS_CONNECTION = "breaks_connection";

/** A batch is looked through when its connection broke so often, */
export const SUSPICIOUS = 3;
/** and fails when it has broken so often nevertheless. */
export const HOPELESS = 8;

/** A lone row is refused when its connection broke so often, and each time the server was well without it. */
export const TRIALS = 3;

/** More of them are not a matter of rows. */
const MOST = 10;

/** The batch breaks its connections, and not by a few rows: a person must look. */
class BatchBreaks extends Error {
  readonly code = BREAKS_CONNECTION;
}

/** Keeps the key of a row that was found; throws where they are too many. */
export function addBreaker(breakers: Set<Key>, key: Key): void {
  breakers.add(key);
  if (breakers.size > MOST) throw new BatchBreaks("more than a few rows break the connection");
}

/** Rows as they are read. */
export type Portions = readonly Portion[] | AsyncIterable<Portion>;

/** A batch to look through: its rows, or their keys, in order. */
export interface Suspect<T, R> {
  readonly all: readonly T[];
  keyOf(one: T): Key;
  /** The rows of a part of them. */
  portionsOf(part: readonly T[]): Portions;
  /** The batch's transaction, with these rows and this way of writing them. */
  write(portions: Portions, how: Write): Promise<R>;
  readonly signal: AbortSignal;
}

/** Ends a trial: its transaction is rolled back. */
class TrialPassed extends Error {}

/** Writes all rows but those that break the connection, which are refused with a reason of their own. */
export async function writeWithoutBreakers<T, R>(suspect: Suspect<T, R>): Promise<R> {
  const { all, keyOf, portionsOf, write } = suspect;
  const parts: Key[][] = [];
  const breakers = new Set<Key>();
  const search = async (part: readonly T[]): Promise<void> => {
    for (let trial = 0; trial < (part.length > 1 ? 1 : TRIALS); trial++)
      if (await passes(suspect, part)) return void parts.push(part.map(keyOf));
    if (part.length > 1) {
      const middle = Math.ceil(part.length / 2);
      await search(part.slice(0, middle));
      return await search(part.slice(middle));
    }
    for (const one of part) addBreaker(breakers, keyOf(one));
  };
  await search(all);
  const good = all.filter((one) => !breakers.has(keyOf(one)));
  return await write(withRefused(portionsOf(good), breakers), inParts(parts));
}

async function* withRefused(
  portions: Portions,
  breakers: ReadonlySet<Key>,
): AsyncGenerator<Portion> {
  yield* portions;
  const rows = [...breakers].map((key): ReadRow => {
    return { kind: "unreadable", legacyId: Number(key), reason: BREAKS_CONNECTION, column: null };
  });
  yield { rows, read: rows.length };
}

/** Whether this part can be written. Where it cannot, the server is well again before anything else is tried. */
async function passes<T, R>(suspect: Suspect<T, R>, part: readonly T[]): Promise<boolean> {
  try {
    return await tried(suspect, part);
  } catch (error) {
    if (!connectionBroke(error) || suspect.signal.aborted) throw error;
  }
  await untilWell(() => tried(suspect, []), suspect.signal);
  return false;
}

/** Writes a part and takes it back. True also where the batch is somebody else's by now: then there is nothing to find. */
async function tried<T, R>(
  { portionsOf, write }: Suspect<T, R>,
  part: readonly T[],
): Promise<boolean> {
  try {
    await write(onTrial(portionsOf(part)), checked);
    return true;
  } catch (error) {
    if (error instanceof TrialPassed) return true;
    throw error;
  }
}

async function* onTrial(portions: Portions): AsyncGenerator<Portion> {
  yield* portions;
  throw new TrialPassed();
}

/** With what would be checked at the commit only. */
const checked: Write = async (tx, entity, namespace, rows) => {
  const written = await upsertBisecting(tx, entity, namespace, rows);
  await tx.query("set constraints all immediate");
  return written;
};

/** Each part in a statement of its own: what broke only together does not come together. */
function inParts(parts: readonly (readonly Key[])[]): Write {
  return async (tx, entity, namespace, loaded) => {
    const rows = new Map<Key, LoadedRow>(loaded.map((row) => [row.legacyId, row]));
    const all: Written[] = [];
    for (const part of parts) {
      const those = part.flatMap((key) => rows.get(key) ?? []);
      if (those.length > 0) all.push(await upsertBisecting(tx, entity, namespace, those));
    }
    return {
      inserted: all.flatMap(({ inserted }) => inserted),
      updated: all.flatMap(({ updated }) => updated),
      refused: all.flatMap(({ refused }) => refused),
    };
  };
}
