/** Single keys that a run is to read beside its ranges. */
import type { Queryable } from "@nexus/shared/database";
import { countBatches, SPAN } from "@nexus/shared/ledger";

/** Plans keys that no batch of the run holds: `sql` returns them as `key`. Returns how many batches. */
export async function planKeys(
  tx: Queryable,
  runId: number,
  entity: string,
  { sql, values }: { readonly sql: string; readonly values: readonly unknown[] },
): Promise<number> {
  const added = await tx.query<{ id: number }>(
    `with planned as (
       select coalesce(range_agg(${SPAN}), '{}') as span, coalesce(max(seq), 0) as seq
       from migration.batches b where run_id = $1 and entity = $2),
     paged as (
       select key, (row_number() over (order by key) - 1) / 1000 as page
       from (select distinct key from (${sql}) keys where not (select span from planned) @> key::numeric) others)
     insert into migration.batches (run_id, entity, seq, keys, expected)
     select $1, $2, (select seq from planned) + 1 + page, array_agg(key order by key)::integer[], count(*) from paged group by page
     returning id`,
    [runId, entity, ...values],
  );
  if (added.rows.length === 0) return 0;
  await countBatches(tx, runId, entity);
  await takeFromUnchanged(
    tx,
    runId,
    entity,
    added.rows.map(({ id }) => id),
  );
  return added.rows.length;
}

/** A row that a delta has not read counts as unchanged until it is to be read after all: no row counts twice. */
async function takeFromUnchanged(
  tx: Queryable,
  runId: number,
  entity: string,
  batches: readonly number[],
): Promise<void> {
  await tx.query(
    `update migration.run_entities set unchanged = unchanged - (
       select count(distinct k.key) from migration.batches b cross join unnest(b.keys) k (key)
       join (select unnest(keys) as key from migration.fingerprints where entity = $2 and merged) known on known.key = k.key
       where b.id = any($3::bigint[]))
     where run_id = $1 and entity = $2 and unchanged > 0`,
    [runId, entity, batches],
  );
}
