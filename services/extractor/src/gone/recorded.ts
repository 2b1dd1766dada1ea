/** What a run does about rows that are gone from the source: its policy, and what became of each. See docs/decisions/gone-rows.md. */
import type { Queryable } from "@nexus/shared/database";
import type { Columns, GoneFate, GonePolicy, runEntities } from "@nexus/shared/tables";

/** By entity; one that is not named reports. */
export type GonePolicies = Readonly<Record<string, GonePolicy>>;

/** Keeps the policies of a run. In the transaction that begins it: what is set later is for later runs. */
export async function recordGonePolicies(
  tx: Queryable,
  runId: number,
  policies: GonePolicies,
): Promise<void> {
  await tx.query(
    `update migration.run_entities e set gone_policy = p.policy
     from unnest($2::text[], $3::text[]) as p (entity, policy) where e.run_id = $1 and e.entity = p.entity`,
    [runId, Object.keys(policies), Object.values(policies)],
  );
}

type Policy = Columns<typeof runEntities, { policy: "gone_policy" }>;

/** What a run does about the gone rows of an entity that is complete in it. Undefined: nothing, because it is not. */
export async function gonePolicy(
  db: Queryable,
  runId: number,
  entity: string,
): Promise<GonePolicy | undefined> {
  const found = await db.query<Policy>(
    `select gone_policy as policy from migration.run_entities
     where run_id = $1 and entity = $2 and status = 'complete' and gone_compared_at is not null`,
    [runId, entity],
  );
  return found.rows[0]?.policy;
}

/** Keys of gone rows to which the run has not come yet, in their order. */
export async function goneToHandle(
  db: Queryable,
  runId: number,
  entity: string,
  limit: number,
): Promise<number[]> {
  const found = await db.query<{ key: number }>(
    `select legacy_id as key from migration.gone_rows
     where entity = $2 and run_id = $1 and not stale and handled_run is distinct from $1::integer order by legacy_id limit $3`,
    [runId, entity, limit],
  );
  return found.rows.map(({ key }) => key);
}

/** What was done about some gone rows, by their legacy keys. */
interface GoneHandled {
  readonly deleted: readonly number[];
  /** The source has them again, or the target has them no more: they are not gone. */
  readonly notGone: readonly number[];
  readonly fates: readonly (readonly [key: number, fate: GoneFate])[];
}

/** Keeps what was done. In the transaction that did it. */
export async function recordHandled(
  tx: Queryable,
  runId: number,
  entity: string,
  { deleted, notGone, fates }: GoneHandled,
): Promise<void> {
  await tx.query(
    `delete from migration.gone_rows where entity = $1 and legacy_id = any($2::bigint[])`,
    [entity, [...deleted, ...notGone]],
  );
  await tx.query(
    `update migration.gone_rows g set handled_run = $1, fate = f.fate
     from unnest($3::bigint[], $4::text[]) as f (key, fate) where g.entity = $2 and g.legacy_id = f.key`,
    [runId, entity, fates.map(([key]) => key), fates.map(([, fate]) => fate)],
  );
  await tx.query(
    `with fates as (
       select fate, count(*) as rows from migration.gone_rows where entity = $2 and handled_run = $1 group by 1)
     update migration.run_entities set gone = gone - $4, gone_deleted = gone_deleted + $3, target_rows = target_rows - $3,
       gone_archived = coalesce((select rows from fates where fate = 'archived'), 0),
       gone_left = coalesce((select jsonb_object_agg(fate, rows) from fates where fate <> 'archived'), '{}'),
       error_code = null, moved_at = now()
     where run_id = $1 and entity = $2`,
    [runId, entity, deleted.length, notGone.length],
  );
}

/** Forgets what a run did about gone rows of an entity, because it is taken back. */
export async function forgetHandled(tx: Queryable, runId: number, entity: string): Promise<void> {
  await tx.query(
    `update migration.gone_rows set handled_run = null, fate = null where entity = $2 and handled_run = $1`,
    [runId, entity],
  );
  await tx.query(`delete from migration.archived_rows where entity = $2 and run_id = $1`, [
    runId,
    entity,
  ]);
  await tx.query(
    `update migration.archived_rows set back_run = null where entity = $2 and back_run = $1`,
    [runId, entity],
  );
}
