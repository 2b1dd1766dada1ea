/** What keeps rows from the target, and what was done to those that are in it: counts by code. */
import type { Queryable } from "@nexus/shared/database";
import {
  and,
  batches,
  desc,
  eq,
  notes,
  query,
  read,
  runEntities,
  sql,
  validations,
} from "@nexus/shared/tables";

/** Rows of an entity that are not in the target for one reason. */
export interface Shortfall {
  readonly entity: string;
  readonly kind: "rejected" | "parked" | "left_out" | "failed" | "cancelled" | "waiting";
  readonly reason: string;
  readonly column: string | null;
  readonly missingEntity: string | null;
  readonly rows: number;
  /** Of these, rows that a later run has dealt with. */
  readonly resolved: number;
}

/** All reasons of a run, parents first, the most frequent first. Their rows add up to what is not in the target. */
export async function listShortfalls(db: Queryable, runId: number): Promise<Shortfall[]> {
  const found = await db.query<Shortfall>(
    `select s.* from (
       select entity, outcome as kind, reason, column_name as "column", missing_entity as "missingEntity",
         count(*) as rows, count(resolved_at) as resolved
       from migration.exceptions where run_id = $1 group by 1, 2, 3, 4, 5
       union all
       select entity, 'left_out', 'skipped', null, null, excluded, 0
       from migration.run_entities where run_id = $1 and excluded > 0
       union all
       select entity, kind, case when kind = 'failed' then coalesce(error_code, 'unknown') else kind end, null, null, sum(expected), 0
       from (select *, case when status in ('failed', 'cancelled') then status else 'waiting' end as kind
             from migration.batches where run_id = $1 and status <> 'done' and read = 0) unread
       group by 1, 2, 3 having sum(expected) > 0) s
     join migration.run_entities e on e.run_id = $1 and e.entity = s.entity
     order by e.position, s.rows desc, s.kind, s.reason, s."column", s."missingEntity"`,
    [runId],
  );
  return found.rows;
}

export interface Repairs {
  readonly entity: string;
  readonly code: string;
  readonly column: string;
  readonly rows: number;
}

/** Coded repairs on rows that were loaded, parents first, the most frequent first. */
export async function listRepairs(db: Queryable, runId: number): Promise<Repairs[]> {
  const rows = sql<number>`sum(cardinality(${notes.legacy_ids}))::bigint`;
  const [{ position, entity }, { code, column_name: column }] = [runEntities, notes];
  return await read(
    db,
    query
      .select({ entity, code, column, rows })
      .from(runEntities)
      .innerJoin(batches, and(eq(batches.run_id, runEntities.run_id), eq(batches.entity, entity)))
      .innerJoin(notes, eq(notes.batch_id, batches.id))
      .where(eq(runEntities.run_id, runId))
      .groupBy(position, entity, code, column)
      .orderBy(position, desc(rows), code, column),
  );
}

export interface CheckResult {
  readonly entity: string;
  readonly name: string;
  readonly passed: boolean;
  readonly expected: number | null;
  readonly actual: number | null;
}

/** What the settle step found, parents first, what failed first. */
export async function listChecks(db: Queryable, runId: number): Promise<CheckResult[]> {
  const { entity, name, passed, expected, actual } = validations;
  return await read(
    db,
    query
      .select({ entity, name, passed, expected, actual })
      .from(validations)
      .innerJoin(
        runEntities,
        and(eq(runEntities.run_id, validations.run_id), eq(runEntities.entity, entity)),
      )
      .where(eq(validations.run_id, runId))
      .orderBy(runEntities.position, passed, name),
  );
}
