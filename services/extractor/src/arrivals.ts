/**
 * Finds parents that have arrived. It looks at what changed since the last look: rows of parents whose batches were done since, and
 * parked rows of batches that were done since. What neither finds is found by the last look of the run (`releaseParked`).
 */
import type { Client, Queryable } from "@nexus/shared/database";
import { loadAgain, planNextGeneration } from "@nexus/shared/ledger";
import type { ParentTable } from "./parked.ts";

/** Batches of an entity that are planned again, because a parent of their parked rows has arrived. */
export interface Released {
  readonly entity: string;
  readonly batches: number;
}

/** Whether any row of a run waits for a parent. One look into an index, however many wait. */
export async function anyParked(db: Queryable, runId: number): Promise<boolean> {
  const found = await db.query(
    `select from migration.exceptions where run_id = $1 and outcome = 'parked' and resolved_at is null limit 1`,
    [runId],
  );
  return found.rowCount === 1;
}

/** Plans again what holds parked rows whose parent has arrived since the last call. Two callers at once share the work. */
export async function releaseArrived(
  tx: Client,
  runId: number,
  parents: readonly ParentTable[],
): Promise<Released[]> {
  const claimed = await claimThatMayLoadAgain(tx, runId);
  const changed = await takeChanged(tx, runId);
  const released = new Map<string, number>();
  if (changed.length === 0) return [];
  for (const parent of parents)
    for (const entity of await planAgain(tx, runId, claimed, parent, changed))
      released.set(entity, (released.get(entity) ?? 0) + 1);
  for (const entity of released.keys()) await loadAgain(tx, runId, entity);
  return [...released].map(([entity, batches]) => ({ entity, batches }));
}

/** Entities that somebody else has locked are left to them, and to the last look. */
async function claimThatMayLoadAgain(tx: Queryable, runId: number): Promise<string[]> {
  const claimed = await tx.query<{ entity: string }>(
    `select e.entity from migration.run_entities e join migration.runs r on r.id = e.run_id
     where e.run_id = $1 and e.status in ('loading', 'complete', 'blocked') and r.status = 'running'
     order by e.position for update of e skip locked`,
    [runId],
  );
  return claimed.rows.map(({ entity }) => entity);
}

interface Changed {
  readonly id: number;
  readonly entity: string;
  readonly parked: number;
}

/** Marks the batches that were done since the last look. What commits after this statement is looked at next time. */
async function takeChanged(tx: Queryable, runId: number): Promise<Changed[]> {
  const taken = await tx.query<Changed>(
    `update migration.batches b set looked_at_generation = generation
     from (select id from migration.batches
           where run_id = $1 and status = 'done' and looked_at_generation < generation
           order by id for update skip locked) changed
     where b.id = changed.id
     returning b.id, b.entity, b.parked`,
    [runId],
  );
  return taken.rows;
}

/**
 * The statement starts from the parents' rows and from the new parked rows: rows that wait for another parent are not looked at.
 * `offset 0` makes each row one look into the index, whatever the planner believes of the tables.
 */
async function planAgain(
  tx: Queryable,
  runId: number,
  claimed: readonly string[],
  { entity, table, key }: ParentTable,
  changed: readonly Changed[],
): Promise<string[]> {
  const arrived = changed.filter((batch) => batch.entity === entity).map(({ id }) => id);
  const parked = changed.filter((batch) => batch.parked > 0).map(({ id }) => id);
  if (arrived.length + parked.length === 0) return [];
  return await planNextGeneration(tx, {
    sql: `b.status = 'done' and b.entity = any($2::text[]) and b.id in (
     with arrived as (
       select p.${key} as id from migration.batches b
         join public.${table} p on p.${key} > b.after_key and p.${key} <= b.to_key where b.id = any($4::bigint[])
       union all
       select p.${key} from migration.batches b cross join lateral unnest(b.keys) k (id)
         join public.${table} p on p.${key} = k.id where b.id = any($4::bigint[]))
     select e.batch_id from arrived a cross join lateral (
       select batch_id from migration.exceptions
       where run_id = $1 and missing_entity = $3 and missing_id = a.id and outcome = 'parked' and resolved_at is null
       offset 0) e
     union
     select e.batch_id from migration.exceptions e
     where e.batch_id = any($5::bigint[]) and e.missing_entity = $3 and e.outcome = 'parked' and e.resolved_at is null
       and exists (select from public.${table} p where p.${key} = e.missing_id))`,
    values: [runId, claimed, entity, arrived, parked],
  });
}
