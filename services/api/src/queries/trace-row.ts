/** The way of one source row through the ledger and the target: keys and codes. Column and table names come from the catalog. */
import {
  batchCodeInWords,
  type ExhaustedBatch,
  exhaustedInWords,
  type Lineage,
} from "@nexus/contract";
import type { Queryable } from "@nexus/shared/database";
import {
  and,
  type batches,
  type Columns,
  desc,
  eq,
  exceptions,
  isNull,
  query,
  read,
} from "@nexus/shared/tables";

type Batch = Lineage["batches"][number];

/** Instants come as ISO 8601, notes as JSON. */
type Found = { readonly notes: string } & Columns<
  typeof batches,
  {
    id: "id";
    after: "after_key";
    to: "to_key";
    expected: "expected";
    bytes: "read_bytes";
    largestRow: "largest_row_bytes";
    runId: "run_id";
    seq: "seq";
    generation: "generation";
    status: "status";
    attempts: "attempts";
    finishedAt: "finished_at";
    errorCode: "error_code";
  }
>;

/** The batches whose range or keys hold it, the newest run first. */
export async function batchesOf(db: Queryable, entity: string, legacyId: number): Promise<Batch[]> {
  const found = await db.query<Found>(
    `select b.id, b.after_key as after, b.to_key as "to", b.expected, b.read_bytes as bytes, b.largest_row_bytes as "largestRow", b.run_id as "runId", b.seq, b.generation, b.status, b.attempts,
       to_json(b.finished_at) #>> '{}' as "finishedAt", b.error_code as "errorCode",
       (select coalesce(json_agg(json_build_object('code', n.code, 'column', n.column_name) order by n.code, n.column_name), '[]')
        from migration.notes n where n.batch_id = b.id and $2::bigint = any(n.legacy_ids))::text as notes
     from migration.batches b
     where b.entity = $1 and ((b.after_key < $2 and b.to_key >= $2) or $2 = any(b.keys))
     order by b.run_id desc, b.id desc limit 20`,
    [entity, legacyId],
  );
  return found.rows.map(({ after, to, expected, bytes, largestRow, ...row }) => ({
    ...row,
    errorSays: errorSays(row.errorCode, { batch: row.id, after, to, expected, bytes, largestRow }),
    notes: JSON.parse(row.notes),
  }));
}

function errorSays(code: string | null, batch: ExhaustedBatch): string | null {
  if (code === null) return null;
  const says = batchCodeInWords(code);
  return code === "attempts_exhausted" ? `${exhaustedInWords(batch)}; ${says}` : says;
}

/** What the newest run to see it as an exception said, while it is open. */
export async function openException(db: Queryable, entity: string, legacyId: number) {
  const { entity: of, legacy_id, outcome, reason, column_name: column } = exceptions;
  const [newest] = await read(
    db,
    query
      .select({
        outcome,
        reason,
        column,
        missingEntity: exceptions.missing_entity,
        missingId: exceptions.missing_id,
      })
      .from(exceptions)
      .where(and(eq(of, entity), eq(legacy_id, legacyId), isNull(exceptions.resolved_at)))
      .orderBy(desc(exceptions.run_id))
      .limit(1),
  );
  return newest;
}

/** The id of the target row; undefined when there is none. */
export async function targetIdOf(
  db: Queryable,
  { table, key }: { readonly table: string; readonly key: string },
  legacyId: number,
): Promise<string | undefined> {
  const found = await db.query<{ id: string }>(
    `select id::text from public.${table} where ${key} = $1::integer`,
    [legacyId],
  );
  return found.rows[0]?.id;
}

/** What became of a target row as content. A row that was written again since is waiting. */
export async function contentOf(
  db: Queryable,
  table: string,
  type: string,
  id: string,
): Promise<Lineage["content"]> {
  const found = await db.query<{
    chunks: number | null;
    code: string | null;
    settledAt: string | null;
  }>(
    `select i.chunks, f.code, to_json(coalesce(i.settled_at, f.failed_at)) #>> '{}' as "settledAt"
     from public.${table} c
     left join migration.embedding_items i on i.content_type = $1 and i.content_id = c.id and i.version = c.xmin
     left join migration.embedding_failures f on f.content_type = $1 and f.content_id = c.id and f.version = c.xmin
     where c.id = $2::uuid`,
    [type, id],
  );
  const { chunks = null, code = null, settledAt = null } = found.rows[0] ?? {};
  return { type, state: stateOf(chunks, code), code, settledAt };
}

/** Its vectors; none where the target has no table for them. */
export async function vectorsOf(
  db: Queryable,
  type: string,
  id: string,
): Promise<Lineage["embeddings"]> {
  const { rows } = await db.query(`select where to_regclass('public.ai_embeddings') is not null`);
  if (rows.length === 0) return [];
  const found = await db.query<Lineage["embeddings"][number]>(
    `select chunk_index as chunk, model from public.ai_embeddings
     where content_type = $1 and content_id = $2::uuid order by model, chunk_index`,
    [type, id],
  );
  return found.rows;
}

function stateOf(
  chunks: number | null,
  code: string | null,
): NonNullable<Lineage["content"]>["state"] {
  if (code !== null) return "failed";
  if (chunks === null) return "waiting";
  return chunks === 0 ? "empty" : "embedded";
}
