/** Reads a batch's rows from the legacy database, before the target's transaction opens. */
import { type Entity, extractionSql, type SourceRow, UnreadableRow } from "@nexus/catalog";
import { type Pool, readOnly } from "@nexus/shared/database";
import type { ClaimedBatch } from "@nexus/shared/ledger";
import type { RunContext } from "./run-context.ts";

/** A legacy row, or one that is not of the shape that the catalog knows. */
export type ReadRow =
  | { readonly kind: "row"; readonly row: SourceRow }
  | { readonly kind: "unreadable"; readonly legacyId: number; readonly columns: readonly string[] };

/** The legacy database, how long it may think about a statement of ours, and when it is given up. */
export interface Source {
  readonly legacy: Pool;
  readonly legacyStatementMs: number;
  readonly signal: AbortSignal;
}

/** The rows of the batch's range or keys, in key order. One bounded, read-only transaction. */
export async function readRange(
  { legacy, legacyStatementMs, signal }: Source,
  { shape }: RunContext,
  entity: Entity,
  batch: ClaimedBatch,
): Promise<ReadRow[]> {
  const [sql, values] =
    batch.keys === null
      ? [extractionSql(entity, shape, "range"), [batch.after, batch.to]]
      : [extractionSql(entity, shape, "keys"), [batch.keys]];
  const found = await readOnly(legacy, (tx) => tx.query<Record<string, unknown>>(sql, values), {
    statementMs: legacyStatementMs,
    signal,
  });
  return found.rows.map((raw) => read(entity, raw));
}

/** A row without a readable key cannot be accounted for: then the batch fails. */
function read(entity: Entity, raw: unknown): ReadRow {
  try {
    return { kind: "row", row: entity.read(raw) };
  } catch (error) {
    if (error instanceof UnreadableRow && error.legacyId !== null)
      return { kind: "unreadable", legacyId: error.legacyId, columns: error.columns };
    throw error;
  }
}
