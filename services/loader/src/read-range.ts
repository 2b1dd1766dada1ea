/** Reads a batch's rows from the legacy database: all at once, before the target's transaction opens, or in portions. */
import { type Entity, extractionSql, type SourceRow, UnreadableRow } from "@nexus/catalog";
import type { Pool } from "@nexus/shared/database";
import type { ClaimedBatch } from "@nexus/shared/ledger";
import { type Answer, queryWithin } from "./query-within.ts";
import type { RunContext } from "./run-context.ts";

/** The key of a row; in digits beyond 2^53. */
type Key = number | string;

/** A legacy row, or one that cannot be read: not of the shape that the catalog knows, too large, or refused by the source itself. */
export type ReadRow =
  | { readonly kind: "row"; readonly row: SourceRow }
  | {
      readonly kind: "unreadable";
      readonly legacyId: Key;
      readonly reason: string;
      readonly column: string | null;
    };

/** The legacy database, how long it may think about a statement of ours, how much a row may weigh, and when all is given up. */
export interface Source {
  readonly legacy: Pool;
  readonly legacyStatementMs: number;
  readonly rowBytes: number;
  readonly signal: AbortSignal;
}

/** Rows as they were read, and how many that were. */
export interface Portion {
  readonly rows: readonly ReadRow[];
  readonly read: number;
}

/** A batch that is in memory, or one that must be read in portions: its keys, in order. */
export type Reading =
  | ({ readonly kind: "whole" } & Portion)
  | { readonly kind: "large"; readonly keys: readonly (number | string)[] };

/** Bytes on the wire that are kept of a batch at a time. A row of the sample has 300 to 1,500. */
const PORTION_BYTES = 8 << 20;

/** The rows of the batch's range or keys, in key order, in one query; the keys only where they are too much for this process. */
export async function readRange(
  source: Source,
  { shape }: RunContext,
  entity: Entity,
  batch: ClaimedBatch,
): Promise<Reading> {
  const [by, values] =
    batch.keys === null ? (["range", [batch.after, batch.to]] as const) : (["keys", [batch.keys]] as const);
  const answer = await ask(source, extractionSql(entity, shape, by), values, PORTION_BYTES);
  if (answer !== "too_large") return { kind: "whole", ...portionOf(entity, answer) };
  return { kind: "large", keys: await listKeys(source, entity, by, values) };
}

/** The rows of these keys, a portion at a time. A row above the limit is rejected by itself. */
export async function* readPortions(
  source: Source,
  { shape }: RunContext,
  entity: Entity,
  keys: readonly Key[],
): AsyncGenerator<Portion> {
  const sql = extractionSql(entity, shape, "keys");
  let pace = 1;
  for (let at = 0; at < keys.length;) {
    const some = keys.slice(at, at + pace);
    const answer = await ask(source, sql, [some], pace === 1 ? source.rowBytes : PORTION_BYTES);
    if (answer === "too_large" && some.length > 1) {
      pace = Math.floor(some.length / 2);
      continue;
    }
    at += some.length;
    if (answer === "too_large") yield unreadable(some, "row_too_large");
    else {
      pace = nextPace(some.length, answer.bytes);
      yield portionOf(entity, answer);
    }
  }
}

/** Twice as many while they are light, and never so many that they would be cut off if they weigh what the last ones did. */
function nextPace(rows: number, bytes: number): number {
  return Math.max(1, Math.min(2 * rows, Math.floor((PORTION_BYTES * rows) / (2 * bytes))));
}

async function ask(
  { legacy, legacyStatementMs: statementMs, signal }: Source,
  sql: string,
  values: readonly unknown[],
  maxBytes: number,
): Promise<Answer | "too_large"> {
  return await queryWithin(legacy, sql, values, { maxBytes, statementMs, signal });
}

async function listKeys(
  source: Source,
  { source: { table, key } }: Entity,
  by: "range" | "keys",
  values: readonly unknown[],
): Promise<Key[]> {
  const within = by === "range" ? `${key} > $1::bigint and ${key} <= $2::bigint` : `${key} = any($1::int[])`;
  const sql = `select ${key}::bigint as key from ${table} where ${within} order by ${key}`;
  const answer = await ask(source, sql, values, PORTION_BYTES);
  if (answer === "too_large") throw new Error("the keys of a batch are too many");
  return answer.rows.map(({ key: found }) => (typeof found === "number" ? found : String(found)));
}

function portionOf(entity: Entity, { rows }: Answer): Portion {
  return { rows: rows.map((raw) => parse(entity, raw)), read: rows.length };
}

function unreadable(keys: readonly Key[], reason: string): Portion {
  const rows = keys.map((key): ReadRow => ({
    kind: "unreadable",
    legacyId: key,
    reason,
    column: null,
  }));
  return { rows, read: rows.length };
}

/** A row without a readable key cannot be accounted for: then the batch fails. */
function parse(entity: Entity, raw: unknown): ReadRow {
  try {
    return { kind: "row", row: entity.read(raw) };
  } catch (error) {
    if (error instanceof UnreadableRow && error.legacyId !== null) {
      const { legacyId, columns } = error;
      return { kind: "unreadable", legacyId, reason: "unreadable", column: columns[0] ?? null };
    }
    throw error;
  }
}
