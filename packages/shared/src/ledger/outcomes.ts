/** Exceptions, notes and content events: what is said of single rows. Never a value. */
import type { Queryable } from "../database/pool.ts";
import { together } from "../database/trips.ts";
import { traceContext } from "../telemetry/tracing.ts";

/** A source row that is not in the target. */
export interface Exception {
  /** In digits beyond 2^53, where a number would lie. */
  readonly legacyId: number | string;
  readonly outcome: "rejected" | "parked";
  readonly reason: string;
  readonly column: string | null;
  readonly missingEntity: string | null;
  readonly missingId: number | null;
}

/** A coded repair and the rows it was made on. */
export interface NoteGroup {
  readonly code: string;
  readonly column: string;
  readonly legacyIds: readonly number[];
}

interface BatchRef {
  readonly id: number;
  readonly runId: number;
  readonly entity: string;
}

/** Takes back what an earlier generation of the batch said. */
export async function forgetBatch(tx: Queryable, batchId: number): Promise<void> {
  await together([
    tx.query(`delete from migration.exceptions where batch_id = $1`, [batchId]),
    tx.query(`delete from migration.notes where batch_id = $1`, [batchId]),
  ]);
}

/** Exceptions of other runs over the same keys are resolved: this batch has decided on those rows anew. */
export async function resolveOlder(
  tx: Queryable,
  batch: BatchRef,
  keys: { after: number | string; to: number | string } | readonly number[],
): Promise<void> {
  const [condition, values] =
    "to" in keys
      ? ["legacy_id > $3::bigint and legacy_id <= $4::bigint", [keys.after, keys.to]]
      : ["legacy_id = any($3::bigint[])", [keys]];
  await tx.query(
    `update migration.exceptions set resolved_at = now()
     where entity = $1 and run_id <> $2 and resolved_at is null and ${condition}`,
    [batch.entity, batch.runId, ...values],
  );
}

/** One row for each exception: they are resolved one by one. */
export async function recordExceptions(
  tx: Queryable,
  batch: BatchRef,
  exceptions: readonly Exception[],
): Promise<void> {
  if (exceptions.length === 0) return;
  await tx.query(
    `insert into migration.exceptions
       (run_id, entity, batch_id, legacy_id, outcome, reason, column_name, missing_entity, missing_id)
     select $1, $2, $3, * from unnest($4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bigint[])`,
    [
      batch.runId,
      batch.entity,
      batch.id,
      exceptions.map((e) => e.legacyId),
      exceptions.map((e) => e.outcome),
      exceptions.map((e) => e.reason),
      exceptions.map((e) => e.column),
      exceptions.map((e) => e.missingEntity),
      exceptions.map((e) => e.missingId),
    ],
  );
}

/** One row for each code and column, with the legacy ids in an array. */
export async function recordNotes(
  tx: Queryable,
  batchId: number,
  notes: readonly NoteGroup[],
): Promise<void> {
  if (notes.length === 0) return;
  await tx.query(
    `insert into migration.notes (batch_id, code, column_name, legacy_ids)
     select $1, code, column_name, legacy_ids::bigint[]
     from unnest($2::text[], $3::text[], $4::text[]) as n (code, column_name, legacy_ids)`,
    [
      batchId,
      notes.map((note) => note.code),
      notes.map((note) => note.column),
      notes.map((note) => `{${note.legacyIds.join(",")}}`),
    ],
  );
}

/** Who is to have what changed. */
export interface ContentReaders {
  readonly embeddings: boolean;
  readonly dify: boolean;
}

/** Offers changed target rows to the embedder, to Dify, or to both: one event with all their ids, in the outbox. `batchId`: null for none. */
export async function recordContentEvent(
  tx: Queryable,
  batchId: number | null,
  readers: ContentReaders,
  contentType: string,
  targetIds: readonly string[],
): Promise<void> {
  if (targetIds.length === 0 || !(readers.embeddings || readers.dify)) return;
  await tx.query(
    `insert into migration.content_events (batch_id, content_type, target_ids, done_at, dify_open, trace_context)
     values ($1, $2, $3::uuid[], case when not $4::boolean then now() end, $5, $6)`,
    [batchId, contentType, targetIds, readers.embeddings, readers.dify, traceContext()],
  );
}
