/** How large a batch is: asked before it is read again, so that one which ends its loaders can be named with its size. */
import { type Entity, extractionSql } from "@nexus/catalog";
import { type Queryable, readOnly } from "@nexus/shared/database";
import type { ClaimedBatch } from "@nexus/shared/ledger";
import type { Deps } from "./deps.ts";
import { faultOf } from "./read-faults.ts";
import type { RunContext } from "./run-context.ts";

/** Bytes of a batch's rows as text, and of the largest of them. */
interface BatchSize {
  readonly bytes: number;
  readonly largestRow: number;
}

/** Notes the size of a batch that was begun before. The source adds up: no row comes here. */
export async function measureBatch(
  { legacy, target, legacyStatementMs: statementMs, log }: Deps,
  { shape }: RunContext,
  entity: Entity,
  { id, after, to, keys }: ClaimedBatch,
  signal: AbortSignal,
): Promise<void> {
  const rows = extractionSql(entity, shape, keys === null ? "range" : "keys");
  const sql = `select coalesce(sum(bytes), 0)::bigint as bytes, coalesce(max(bytes), 0) as "largestRow"
    from (select octet_length(q::text) as bytes from (${rows}) q) sizes`;
  const values = keys === null ? [after, to] : [keys];
  try {
    const measured = await readOnly(legacy, (tx) => tx.query<BatchSize>(sql, values), {
      statementMs,
      signal,
    });
    for (const size of measured.rows) await noteSize(target, id, size);
  } catch (error) {
    // A row that cannot be read is found and named by reading.
    log.info(
      { batch: id, entity: entity.name, code: faultOf(error).code },
      "a batch cannot be measured",
    );
  }
}

/** Keeps how large a batch is, for the case that it ends its loader. */
async function noteSize(
  db: Queryable,
  id: number,
  { bytes, largestRow }: BatchSize,
): Promise<void> {
  await db.query(
    `update migration.batches set read_bytes = $2, largest_row_bytes = $3 where id = $1`,
    [id, bytes, largestRow],
  );
}
