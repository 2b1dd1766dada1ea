/** A repair run: one entity, already planned, whose batches hold the keys or ranges that earlier runs could not do. */
import type { Queryable } from "../database/pool.ts";
import type { Refusal } from "./control-refusals.ts";
import { alreadyActive } from "./control-start.ts";
import type { ContentReaders } from "./outcomes.ts";
import type { Requeued, Selected } from "./requeue-selection.ts";
import { createRun } from "./runs.ts";

/** What shall be repaired. `codes` are those of the run that does it. */
export interface Repair extends Selected {
  readonly entity: string;
  readonly position: number;
  readonly codes: string;
}

/** Keys in one batch. */
const KEYS_PER_BATCH = 1_000;

/** Creates a repair run, unless there is nothing to repair. `all` is an ordinary run of that entity. */
export async function startRepair(tx: Queryable, repair: Repair): Promise<Requeued | Refusal> {
  const { entity, scope, because } = repair;
  const open = { entity, because };
  if (scope === "all") return await createRepair(tx, repair, async () => 0);
  if (scope === "failed") {
    const failedIn = await newestRunWithFailures(tx, entity);
    if (failedIn === undefined) return { kind: "nothing_to_requeue" };
    return await createRepair(tx, repair, (runId) => copyFailedBatches(tx, runId, entity, failedIn));
  }
  if (!(await anyOpen(tx, { ...open, outcome: scope }))) return { kind: "nothing_to_requeue" };
  return await createRepair(tx, repair, (runId) => batchOpenKeys(tx, runId, { ...open, outcome: scope }));
}

async function createRepair(
  tx: Queryable,
  { entity, position, codes }: Repair,
  addBatches: (runId: number) => Promise<number>,
): Promise<Requeued | Refusal> {
  const readers = await readersOfNewestRun(tx);
  const runId = await createRun(tx, [{ entity, position, skip: false }], { ...readers, codes });
  if (runId === undefined) return await alreadyActive(tx);
  const batches = await addBatches(runId);
  if (batches > 0) await markPlanned(tx, runId, entity);
  return { kind: "repair_started", runId, batches };
}

/** A cancelled run has cancelled its failed batches, too: these have a code. What nobody tried is left to the next run. */
const FAILED = "(status = 'failed' or (status = 'cancelled' and error_code is not null))";

/** The newest run of an entity, if batches of it failed. A run after them has had another go at those rows. */
async function newestRunWithFailures(tx: Queryable, entity: string): Promise<number | undefined> {
  const found = await tx.query<{ id: number }>(
    `select id from (
       select max(run_id) as id from migration.run_entities where entity = $1 and status <> 'skipped') newest
     where exists (select from migration.batches where run_id = newest.id and entity = $1 and ${FAILED})`,
    [entity],
  );
  return found.rows[0]?.id;
}

async function copyFailedBatches(
  tx: Queryable,
  runId: number,
  entity: string,
  failedIn: number,
): Promise<number> {
  const copied = await tx.query(
    `insert into migration.batches (run_id, entity, seq, after_key, to_key, keys, expected)
     select $1, entity, row_number() over (order by seq), after_key, to_key, keys, expected
     from migration.batches where run_id = $3 and entity = $2 and ${FAILED}`,
    [runId, entity, failedIn],
  );
  return copied.rowCount ?? 0;
}

/** Open exceptions of one outcome, and of one reason if there is one. */
interface Open {
  readonly entity: string;
  readonly outcome: "rejected" | "parked";
  readonly because: string | undefined;
}

async function anyOpen(tx: Queryable, { entity, outcome, because }: Open): Promise<boolean> {
  const open = await tx.query(
    `select from migration.exceptions where entity = $1 and outcome = $2 and resolved_at is null
       and ($3::text is null or reason = $3) limit 1`,
    [entity, outcome, because ?? null],
  );
  return open.rowCount === 1;
}

async function batchOpenKeys(
  tx: Queryable,
  runId: number,
  { entity, outcome, because }: Open,
): Promise<number> {
  const added = await tx.query(
    `insert into migration.batches (run_id, entity, seq, keys, expected)
     select $1, $2, seq, array_agg(legacy_id order by legacy_id)::integer[], count(*)
     from (
       select legacy_id, 1 + (row_number() over (order by legacy_id) - 1) / ${KEYS_PER_BATCH} as seq
       from (select distinct legacy_id from migration.exceptions
             where entity = $2 and outcome = $3 and resolved_at is null
               and ($4::text is null or reason = $4)) open) numbered
     group by seq`,
    [runId, entity, outcome, because ?? null],
  );
  return added.rowCount ?? 0;
}

/** A repair is planned when it is created: there is no source to cut into ranges. */
async function markPlanned(tx: Queryable, runId: number, entity: string): Promise<void> {
  await tx.query(
    `update migration.run_entities e set status = 'planned', batches = b.batches, expected = b.expected
     from (select count(*) as batches, sum(expected) as expected
           from migration.batches where run_id = $1 and entity = $2) b
     where e.run_id = $1 and e.entity = $2`,
    [runId, entity],
  );
}

/** A repair offers changed content to those to whom the run before it did. */
async function readersOfNewestRun(tx: Queryable): Promise<ContentReaders> {
  const found = await tx.query<ContentReaders>(
    `select embeddings, dify from migration.runs order by id desc limit 1`,
  );
  return found.rows[0] ?? { embeddings: true, dify: false };
}
