/** What is read of the legacy database, row by row. */
import { type Entity, type Note, type SourceRow, sourceKey, UnreadableRow } from "@nexus/catalog";
import type { Key, SourceEncoding } from "./source.ts";
import type { DecodedRow } from "./source-encoding.ts";

/** A legacy row, or one that cannot be read: not of the shape that the catalog knows, too large, or refused by the source itself. */
export type ReadRow =
  | {
      readonly kind: "row";
      readonly row: SourceRow;
      readonly repaired?: readonly Note[];
      /** What the row is, in a number; undefined where the run does not keep it. */
      readonly fingerprint?: Key | undefined;
    }
  | {
      readonly kind: "unreadable";
      readonly legacyId: Key;
      readonly reason: string;
      readonly column: string | null;
    };

/** Rows as they were read, how many that were, and whether there are no more in the batch. */
export interface Portion {
  readonly rows: readonly ReadRow[];
  readonly read: number;
  readonly last?: boolean;
}

/** Rows of a query, each with the columns whose bytes mean nothing. `doubtful`: text may hold what is of another encoding than it is said to be. */
export interface Rows {
  readonly rows: readonly DecodedRow[];
  readonly doubtful?: boolean;
}

/** The rows as the catalog reads them; text that means nothing is rejected or, repaired, noted. */
export function readRows(
  entity: Entity,
  { rows, doubtful = false }: Rows,
  onUnreadable: SourceEncoding["unreadable"],
): ReadRow[] {
  return rows.map(({ row, unreadable }) => {
    const [column] = unreadable;
    if (column !== undefined && onUnreadable === "reject")
      return { kind: "unreadable", legacyId: keyOf(row), reason: "unreadable_text", column };
    const noted = unreadable.map((name): Note => ({ code: "text_repaired", column: name }));
    return parse(entity, row, doubtful ? [...noted, ...doubts(row)] : noted);
  });
}

/** Characters that nobody writes: in a database of LATIN1 they are mostly the quotes and dashes of Windows. */
const CONTROL = /[\u0080-\u009f]/;

function doubts(row: Readonly<Record<string, unknown>>): Note[] {
  return Object.entries(row).flatMap(([column, value]) =>
    typeof value === "string" && CONTROL.test(value) ? [{ code: "encoding_doubtful", column }] : [],
  );
}

function keyOf({ id }: Readonly<Record<string, unknown>>): Key {
  const key = sourceKey(id);
  if (key === null) throw new Error("a row without a key");
  return key;
}

function fingerprintOf({ fingerprint }: Readonly<Record<string, unknown>>): Key | undefined {
  return typeof fingerprint === "number" || typeof fingerprint === "string"
    ? fingerprint
    : undefined;
}

/** A row without a readable key cannot be accounted for: then the batch fails. */
function parse(entity: Entity, raw: DecodedRow["row"], repaired: readonly Note[]): ReadRow {
  try {
    return { kind: "row", row: entity.read(raw), repaired, fingerprint: fingerprintOf(raw) };
  } catch (error) {
    if (error instanceof UnreadableRow && error.legacyId !== null) {
      const { legacyId, columns } = error;
      return { kind: "unreadable", legacyId, reason: "unreadable", column: columns[0] ?? null };
    }
    throw error;
  }
}
