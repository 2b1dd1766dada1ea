/**
 * What must hold whenever no batch is in flight, as SQL: read by tests after each run, and by `nexus doctor --deep`. Each query
 * returns what breaks it: an entity, how many rows or batches, and some of their keys. Never a value.
 */
import type { Entity } from "@nexus/catalog";
import type { Queryable } from "../database/pool.ts";
import { blocked, settled } from "../states/states.ts";

/** An invariant that does not hold. */
export interface Broken {
  readonly name: string;
  /** What must hold. */
  readonly says: string;
  readonly entity: string;
  readonly count: number;
  /** The first few, in words: keys, batches, runs. */
  readonly some: string | null;
}

interface Invariant {
  readonly name: string;
  readonly says: string;
  /** Columns: entity, count, some. */
  readonly sql: string;
}

const FIRST = (column: string): string =>
  `array_to_string((array_agg(${column} order by ${column}))[1:10], ', ')`;

/** Of the ledger alone. */
const LEDGER: readonly Invariant[] = [
  {
    name: "one_outcome",
    says: "every row that a batch read has one outcome, and every exception is on record",
    sql: `select b.entity, count(*), ${FIRST("b.id")} as some from migration.batches b
      cross join lateral (
        select count(*) filter (where outcome = 'rejected') as rejected, count(*) filter (where outcome = 'parked') as parked
        from migration.exceptions e where e.batch_id = b.id) e
      where b.status = 'done' and (b.read <> b.loaded + b.rejected + b.parked or e.rejected <> b.rejected or e.parked <> b.parked)
      group by 1`,
  },
  {
    name: "complete_is_complete",
    says: "an entity that is complete has no batch that is not done, unless it was waived",
    sql: `select e.entity, count(*), ${FIRST("b.id")} as some from migration.run_entities e
      join migration.batches b using (run_id, entity)
      where e.status = 'complete' and b.status <> 'done' group by 1`,
  },
  {
    name: "completed_is_settled",
    says: "a run that is completed has no entity that is neither complete, skipped, waived nor rolled back, and no batch on offer",
    sql: `select e.entity, count(*), ${FIRST("e.run_id")} as some from migration.run_entities e
      join migration.runs r on r.id = e.run_id
      where r.status = 'completed' and (
        not (${settled("e")} or e.status = 'rolled_back')
        or exists (select from migration.batches b
          where b.run_id = e.run_id and b.entity = e.entity and b.status in ('planned', 'queued')))
      group by 1`,
  },
  {
    name: "closed_run_is_closed",
    says: "no batch of a run that has ended can be taken by a loader",
    sql: `select b.entity, count(*), ${FIRST("b.id")} as some from migration.batches b
      join migration.runs r on r.id = b.run_id
      where r.status in ('completed', 'cancelled', 'rolled_back') and b.status in ('planned', 'queued') group by 1`,
  },
  {
    name: "checks_passed",
    says: "an entity that is complete has passed its checks",
    sql: `select v.entity, count(*), ${FIRST("v.name")} as some from migration.validations v
      join migration.run_entities e using (run_id, entity)
      where not v.passed and e.status = 'complete' group by 1`,
  },
  {
    name: "target_sum_closes",
    says: "the sum of target rows closes: with a key before, inserted since, and strangers, less what was deleted because it was gone, unless a batch was loaded again",
    sql: `select e.entity, abs(e.target_rows - e.keyed_before - b.inserted - e.strangers + e.gone_deleted) as count, 'run ' || e.run_id as some
      from migration.run_entities e
      cross join lateral (
        select coalesce(sum(inserted), 0) as inserted, coalesce(bool_or(generation > 1), false) as again
        from migration.batches where run_id = e.run_id and entity = e.entity) b
      where e.status = 'complete' and e.run_id = (select max(run_id) from migration.run_entities n where n.entity = e.entity and n.status <> 'skipped')
        and not b.again and e.target_rows <> e.keyed_before + b.inserted + e.strangers - e.gone_deleted`,
  },
  {
    name: "failed_can_be_requeued",
    says: "a batch that failed belongs to an entity that is blocked, waived or still loading, so that it is shown and can be requeued",
    sql: `select b.entity, count(*), ${FIRST("b.id")} as some from migration.batches b
      join migration.run_entities e using (run_id, entity)
      where b.status = 'failed' and e.status not in ('loading', 'settling', 'blocked') group by 1`,
  },
  {
    name: "a_run_moves",
    says: "a running run whose entities are all settled completes, and one that may load has batches on offer or to offer",
    sql: `select 'run ' || r.id as entity, 1 as count, null as some from migration.runs r
      where r.status = 'running' and now() - r.started_at > interval '1 minute'
        and not exists (select from migration.run_entities e where e.run_id = r.id and (
          e.status in ('waiting', 'planning', 'planned', 'settling') or ${blocked("e")}
          or (e.status = 'loading' and exists (select from migration.batches b
            where b.run_id = r.id and b.entity = e.entity and b.status in ('planned', 'queued')))
          or e.settled_at > now() - interval '1 minute'))`,
  },
];

/** Of the ledger and the target. */
function withTarget(entities: readonly Entity[]): Invariant[] {
  const has = (name: string): boolean => entities.some((entity) => entity.name === name);
  return [
    ...entities
      .filter(({ followsCase }) => followsCase === true && has("cases"))
      .map(sharesPractice),
    ...entities.map((entity) => isLoadedOnce(entity)),
    ...entities.flatMap((entity) =>
      Object.keys(entity.parents).flatMap((parent) => isNotParked(entity, entities, parent)),
    ),
  ];
}

function sharesPractice({ name, target: { table, key } }: Entity): Invariant {
  return {
    name: "practice_of_its_case",
    says: "every row is in the practice of its case",
    sql: `select '${name}' as entity, count(*), ${FIRST(`t.${key}`)} as some from public.${table} t
      join public.cases c on c.id = t.case_id where t.practice_id is distinct from c.practice_id having count(*) > 0`,
  };
}

/** Of a run that read an entity whole and loaded it: so many keys are there, or more, where rows are gone from the source. */
function isLoadedOnce({ name, target: { table, key } }: Entity): Invariant {
  return {
    name: "loaded_is_there",
    says: "as many rows of the target have a legacy key as the newest run that read the entity whole has loaded, or more, less those that it deleted because they were gone",
    sql: `select '${name}' as entity, e.loaded - e.gone_deleted - t.found as count, 'run ' || e.run_id as some
      from (select run_id, gone_deleted, (select coalesce(sum(b.loaded), 0) from migration.batches b
                            where b.run_id = e.run_id and b.entity = e.entity) as loaded
            from migration.run_entities e
            where entity = '${name}' and status = 'complete' and cursor_key > -9223372036854775808
            order by run_id desc limit 1) e
      cross join (select count(${key}) as found from public.${table}) t where t.found < e.loaded - e.gone_deleted`,
  };
}

function isNotParked({ name }: Entity, entities: readonly Entity[], parent: string): Invariant[] {
  const found = entities.find((one) => one.name === parent);
  if (found === undefined) return [];
  const { table, key } = found.target;
  return [
    {
      name: "parked_for_a_reason",
      says: "a run that is completed has left no row parked whose parent is in the target",
      sql: `select '${name}' as entity, count(*), ${FIRST("x.legacy_id")} as some from migration.exceptions x
        join migration.runs r on r.id = x.run_id
        where x.entity = '${name}' and x.outcome = 'parked' and x.resolved_at is null and x.missing_entity = '${parent}'
          and r.id = (select max(id) from migration.runs) and r.status = 'completed'
          and exists (select from public.${table} p where p.${key} = x.missing_id) having count(*) > 0`,
    },
  ];
}

/** What does not hold, of the ledger and the target. Reads each table at most once per invariant; changes nothing. */
export async function brokenInvariants(
  db: Queryable,
  entities: readonly Entity[],
): Promise<Broken[]> {
  const examined = await examinedInvariants(db, entities);
  return examined.flatMap(({ name, says, broken }) =>
    broken.map((row) => ({ name, says, ...row })),
  );
}

/** An invariant, and what breaks it. */
export interface Examined extends Invariant {
  readonly broken: Pick<Broken, "entity" | "count" | "some">[];
}

/** Every invariant of the ledger and the target with its SQL. Reads as `brokenInvariants` does. */
export async function examinedInvariants(
  db: Queryable,
  entities: readonly Entity[],
): Promise<Examined[]> {
  const examined: Examined[] = [];
  for (const invariant of [...LEDGER, ...withTarget(entities)]) {
    const found = await db.query<Examined["broken"][number]>(invariant.sql);
    examined.push({ ...invariant, broken: found.rows });
  }
  return examined;
}
