/** Looks at a source of which somebody has locked a table: that one holds up no other. */
import type { Entity } from "@nexus/catalog";
import { errorCode } from "./failures.ts";
import type { Inspection } from "./inspect-source.ts";

/** Looks at what some entities read. Bounded in how long it waits for a lock: else 55P03 never comes. */
type Look = (of: readonly Entity[]) => Promise<Inspection>;

interface BesidesLocked extends Inspection {
  /** The entities of which a table is locked: nothing is said of them. A note says so, too. */
  readonly locked: readonly string[];
}

/** All at once; where a table is locked, each entity by itself. */
export async function inspectBesidesLocked(
  look: Look,
  entities: readonly Entity[],
): Promise<BesidesLocked> {
  const whole = await unlessLocked(look(entities));
  if (whole !== undefined) return { ...whole, locked: [] };
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
    locked,
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
