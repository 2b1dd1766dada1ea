/** Planning: an entity's keys are cut into ranges, a chunk at a time, and the cursor lies in the ledger. */
import { entities, type Entity, entityNamed } from "@nexus/catalog";
import { inTransaction, readOnly } from "@nexus/shared/database";
import {
  entitiesIn,
  type PlanCursor,
  planCursor,
  type Range,
  recordPlan,
  type Run,
} from "@nexus/shared/ledger";
import { inSpan } from "@nexus/shared/telemetry";
import type { Deps } from "./deps.ts";

/** Batches planned in one step: at 1,000 rows each, the legacy server walks 50,000 index entries. */
const BATCHES_PER_CHUNK = 50;

/** Plans the next chunk of the first entity that is not wholly planned. Returns whether there was one. */
export async function planNext(deps: Deps, run: Run): Promise<boolean> {
  const [name] = await entitiesIn(deps.target, run.id, ["waiting", "planning"]);
  if (name === undefined) return false;
  const facts = { "nexus.run": run.id, "nexus.entity": name };
  await inSpan({ name: "plan", facts, under: run.traceContext }, () => planChunk(deps, run, name));
  return true;
}

async function planChunk(deps: Deps, run: Run, name: string): Promise<void> {
  const cursor = await planCursor(deps.target, run.id, name);
  if (cursor === undefined) return;
  const ranges = await nextRanges(deps, entityNamed(entities, name), cursor);
  const last = rowsIn(ranges) < BATCHES_PER_CHUNK * deps.settings.batchRows;
  await inTransaction(deps.target, (tx) => recordPlan(tx, run.id, name, cursor, ranges, last));
}

/** Ranges (previous to, to] of equal row counts, read from the primary key's index. */
async function nextRanges(
  { legacy, settings, signal }: Deps,
  entity: Entity,
  { cursor }: PlanCursor,
): Promise<Range[]> {
  const { table, key } = entity.source;
  const slices = await readOnly(
    legacy,
    (tx) =>
      tx.query<{ to: number; expected: number }>(
        `select max(key) as "to", count(*) as expected from (
           select key, (row_number() over (order by key) - 1) / $2::integer as slice from (
             select ${key} as key from ${table} where ${key} > $1::bigint order by ${key} limit $3) page) numbered
         group by slice order by slice`,
        [cursor, settings.batchRows, settings.batchRows * BATCHES_PER_CHUNK],
      ),
    { statementMs: settings.legacyStatementMs, signal },
  );
  let after = cursor;
  return slices.rows.map((slice) => {
    const range = { after, to: slice.to, expected: slice.expected };
    after = slice.to;
    return range;
  });
}

function rowsIn(ranges: readonly Range[]): number {
  return ranges.reduce((rows, range) => rows + range.expected, 0);
}
