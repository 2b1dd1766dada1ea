/** What a row tells of itself, on either side: the columns by which it can be known again, as the mapping writes them. */
import { asMapped, type Entity } from "@nexus/catalog";

/** By column; a reference by its parent's legacy id. Null: nothing. Undefined: a parent that is not known itself. */
export type Told = Readonly<Record<string, string | null | undefined>>;

/** A row of the target without a legacy key. */
export interface Stranger {
  readonly id: string;
  readonly told: Told;
  /** Numbers that may be keys of the source, by where they stand. */
  readonly places: Readonly<Record<string, number>>;
}

/** A row of the source that a stranger may be. */
export interface Known {
  readonly legacyId: number;
  /** What the target's legacy key would be. */
  readonly legacyKey: number;
  readonly told: Told;
}

/** The columns that rows of an entity are known by, each once. */
export function toldColumns({
  recognition: { keys, witnesses, sameParents },
}: Entity): readonly string[] {
  return [...new Set([...keys.flat(), ...witnesses, ...sameParents])];
}

/** The text of a natural key; null where it says nothing: its first column is blank, or a parent is not known. */
function keyOf(columns: readonly string[], told: Told): string | null {
  const parts = columns.map((column) => told[column]);
  if (parts[0] === null || parts.includes(undefined)) return null;
  return JSON.stringify(parts);
}

/** The natural keys of a row, as they are looked up: the position of the key, then its text. */
export function keysOf(
  { recognition }: Pick<Entity, "recognition">,
  told: Told,
): readonly (string | null)[] {
  return recognition.keys.map((columns, position) => {
    const key = keyOf(columns, told);
    return key === null ? null : `${position}:${key}`;
  });
}

/** A value of either side as the mapping writes it. */
export function asTold(column: string, value: unknown): string | null {
  if (value === null || value === undefined) return null;
  return asMapped(column, typeof value === "string" ? value : JSON.stringify(value));
}
