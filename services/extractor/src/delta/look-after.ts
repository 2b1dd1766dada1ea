/** What a delta reads beside what changed, before it closes an entity. */
import { entities, type Entity, entityNamed } from "@nexus/catalog";
import type { Queryable } from "@nexus/shared/database";
import { SPAN } from "@nexus/shared/ledger";
import { planKeys } from "../plan-keys.ts";

/**
 * Plans the rows that the source has and the target lacks without a reason (somebody deleted them, or they were committed late), as long as the
 * comparison finds some that the run has not read; and, once, rows that earlier runs have parked and whose parent has come. What was said of rows
 * that the source has lost ends. Call it with the entity's row locked. Returns how many batches.
 */
export async function lookAfter(tx: Queryable, runId: number, entity: Entity): Promise<number> {
  const first = await tx.query(
    `update migration.run_entities set looked_after = true where run_id = $1 and entity = $2 and not looked_after`,
    [runId, entity.name],
  );
  const isFirst = first.rowCount === 1;
  if (isFirst) await resolveLost(tx, runId, entity.name);
  const parents = isFirst ? Object.keys(entity.parents) : [];
  const waiting = parents.map((name) => released(entityNamed(entities, name)));
  const sql = [MISSING, ...waiting].join(" union all ");
  return await planKeys(tx, runId, entity.name, { sql, values: [] });
}

/**
 * A row that the target refused, or that could not be read, is not among those that are known: a delta reads it as long as the source holds
 * it. What it neither knew nor reads was not there. Of an entity that is not compared (a repair), nothing follows.
 */
async function resolveLost(tx: Queryable, runId: number, entity: string): Promise<void> {
  await tx.query(
    `with planned as (
       select coalesce(range_agg(${SPAN}), '{}') as span from migration.batches b where run_id = $1 and entity = $2)
     update migration.exceptions x set resolved_at = now()
     from migration.run_entities e
     where e.run_id = $1 and e.entity = $2 and x.entity = $2 and x.run_id <> $1 and x.resolved_at is null
       and e.cursor_key > -9223372036854775808 and x.legacy_id <= e.cursor_key
       and not (select span from planned) @> x.legacy_id::numeric
       and not exists (
         select from (select unnest(keys) as key from migration.fingerprints where entity = $2 and merged) known
         where known.key = x.legacy_id)`,
    [runId, entity],
  );
}

const IS_INTEGER = "legacy_id between -2147483648 and 2147483647";

const MISSING = `select legacy_id as key from migration.missing_keys where run_id = $1 and entity = $2 and ${IS_INTEGER}`;

function released({ name, target: { table, key } }: Entity): string {
  return `select legacy_id from migration.exceptions x
    where entity = $2 and run_id <> $1 and outcome = 'parked' and resolved_at is null and missing_entity = '${name}'
      and ${IS_INTEGER} and exists (select from public.${table} p where p.${key} = x.missing_id)`;
}
