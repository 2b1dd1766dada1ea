/** A repair run: one entity, already planned, whose batches hold the keys or ranges that earlier runs could not do. */
import { type Queryable, sessionsReplicate } from "@nexus/shared/database";
import {
  addUnfinished,
  alreadyActive,
  BEGINNING,
  type ContentReaders,
  countBatches,
  createRun,
  markPlanned,
  SPAN,
  unfinishedEntities,
} from "@nexus/shared/ledger";
import {
  and,
  desc,
  eq,
  exceptions,
  given,
  isNull,
  notInArray,
  query,
  read,
  runEntities,
  runs,
} from "@nexus/shared/tables";
import type { Refusal } from "./refusals.ts";
import type { Requeued, Selected } from "./selection.ts";

/** The codes of the run that does it, and whom it offers content to if no run came before it. */
export interface RepairDefaults extends ContentReaders {
  readonly codes: string;
}

/** What shall be repaired. */
export interface Repair extends Selected, RepairDefaults {
  readonly entity: string;
  readonly position: number;
}

/** Keys in one batch. */
const KEYS_PER_BATCH = 1_000;

/** Creates a repair run, unless there is nothing to repair. `all` is an ordinary run of that entity. */
export async function startRepair(tx: Queryable, repair: Repair): Promise<Requeued | Refusal> {
  const { entity, scope, because } = repair;
  const open = { entity, because };
  if (scope === "all") return await createRepair(tx, repair, async () => 0);
  if (scope === "failed") {
    if (!(await anyUnfinished(tx, entity))) return { kind: "nothing_to_requeue" };
    return await createRepair(tx, repair, (runId) => addUnfinished(tx, runId, entity));
  }
  if (!(await anyOpen(tx, { ...open, outcome: scope }))) return { kind: "nothing_to_requeue" };
  return await createRepair(tx, repair, (runId) =>
    batchOpenKeys(tx, runId, { ...open, outcome: scope }),
  );
}

async function createRepair(
  tx: Queryable,
  { entity, position, codes, embeddings, dify }: Repair,
  addBatches: (runId: number) => Promise<number>,
): Promise<Requeued | Refusal> {
  const problem = await sessionsReplicate(tx);
  if (problem !== undefined) return { kind: "target_unfit", problem };
  const readers = (await readersOfNewestRun(tx)) ?? { embeddings, dify };
  const order = { ...readers, codes, newBill: false };
  const runId = await createRun(tx, [{ entity, position, skip: false }], order);
  if (runId === undefined) return await alreadyActive(tx);
  const batches = await addBatches(runId);
  if (batches > 0) {
    await countBatches(tx, runId, entity);
    await markPlanned(tx, runId, entity); // There is no source to cut into ranges.
  }
  return { kind: "repair_started", runId, batches };
}

/** Open exceptions of one outcome, and of one reason if there is one. */
interface Open {
  readonly entity: string;
  readonly outcome: "rejected" | "parked";
  readonly because: string | undefined;
}

async function anyOpen(tx: Queryable, { entity, outcome, because }: Open): Promise<boolean> {
  const wanted = and(
    eq(exceptions.entity, entity),
    eq(exceptions.outcome, outcome),
    isNull(exceptions.resolved_at),
    given(because, (reason) => eq(exceptions.reason, reason)),
  );
  const open = await read(
    tx,
    query.select({ key: exceptions.legacy_id }).from(exceptions).where(wanted).limit(1),
  );
  return open.length === 1;
}

/** Keys beyond integer, which no batch can list, are done as ranges: all rows between two of them have such keys, too. */
async function batchOpenKeys(
  tx: Queryable,
  runId: number,
  { entity, outcome, because }: Open,
): Promise<number> {
  const added = await tx.query(
    `with
     -- The keys that the run's batches hold already.
     done as (
       select coalesce(range_agg(${SPAN}), '{}') as span,
         coalesce(max(seq), 0) as seq
       from migration.batches b where run_id = $1 and entity = $2),
     -- Open exceptions that none of them holds, apart by what a list of integers can hold.
     open as (
       select distinct legacy_id, case when legacy_id > 2147483647 then 1 when legacy_id < -2147483648 then -1 else 0 end as beyond
       from migration.exceptions
       where entity = $2 and outcome = $3 and resolved_at is null and ($4::text is null or reason = $4)
         and not (select span from done) @> legacy_id::numeric),
     -- So many to a batch.
     numbered as (
       select legacy_id, beyond, (row_number() over (partition by beyond order by legacy_id) - 1) / ${KEYS_PER_BATCH} as page
       from open)
     insert into migration.batches (run_id, entity, seq, keys, after_key, to_key, expected)
     select $1, $2, (select seq from done) + row_number() over (order by beyond, page),
       case when beyond = 0 then array_agg(legacy_id order by legacy_id)::integer[] end,
       case when beyond <> 0 then min(legacy_id) - 1 end, case when beyond <> 0 then max(legacy_id) end, count(*)
     from numbered group by beyond, page`,
    [runId, entity, outcome, because ?? null],
  );
  return added.rowCount ?? 0;
}

async function anyUnfinished(tx: Queryable, entity: string): Promise<boolean> {
  return (await unfinishedEntities(tx, null)).some((unfinished) => unfinished.entity === entity);
}

/**
 * Adds to an active repair of an entity what earlier runs could not do either. A run that reads the whole source needs no such
 * addition, nor does one that is still to be planned. Returns how many batches were added.
 */
export async function extendRepair(
  tx: Queryable,
  runId: number,
  entity: string,
  { scope, because }: Selected,
): Promise<number> {
  if (scope === "all" || !(await isRepair(tx, runId, entity))) return 0;
  const added =
    scope === "failed"
      ? await addUnfinished(tx, runId, entity)
      : await batchOpenKeys(tx, runId, { entity, because, outcome: scope });
  if (added > 0) await countBatches(tx, runId, entity);
  return added;
}

/** Whether the entity's batches in this run were taken from earlier runs. Its planning cursor then never moved. */
async function isRepair(tx: Queryable, runId: number, entity: string): Promise<boolean> {
  const { run_id, entity: of, status, cursor_key } = runEntities;
  const isFromElsewhere = and(
    eq(run_id, runId),
    eq(of, entity),
    notInArray(status, ["waiting", "planning"]),
    eq(cursor_key, BEGINNING),
  );
  const found = await read(tx, query.select({ status }).from(runEntities).where(isFromElsewhere));
  return found.length === 1;
}

/** A repair offers changed content to those to whom the run before it did. */
async function readersOfNewestRun(tx: Queryable): Promise<ContentReaders | undefined> {
  const { id, embeddings, dify } = runs;
  const [newest] = await read(
    tx,
    query.select({ embeddings, dify }).from(runs).orderBy(desc(id)).limit(1),
  );
  return newest;
}
