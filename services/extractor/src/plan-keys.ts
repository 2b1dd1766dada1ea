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
  const added = await tx.query<{ batches: number }>(
    `with
     -- The keys that the run's batches hold already.
     planned as (
       select coalesce(range_agg(${SPAN}), '{}') as span, coalesce(max(seq), 0) as seq
       from migration.batches b where run_id = $1 and entity = $2),
     -- The others, a thousand to a batch.
     paged as (
       select key, (row_number() over (order by key) - 1) / 1000 as page
       from (select distinct key from (${sql}) keys where not (select span from planned) @> key::numeric) others),
     -- A batch for each page.
     added as (
       insert into migration.batches (run_id, entity, seq, keys, expected)
       select $1, $2, (select seq from planned) + 1 + page, array_agg(key order by key)::integer[], count(*) from paged group by page
       returning keys),
     -- Those that a delta had left as they were: they are read after all, and counted as unchanged no more.
     known as (
       select count(*) as rows from added a cross join lateral unnest(a.keys) k (key)
       where k.key in (select u.key from migration.fingerprints f cross join lateral unnest(f.keys) u (key)
                       where f.entity = $2 and f.merged and f.run_id < $1)),
     read_after_all as (
       update migration.run_entities e set unchanged = greatest(0, e.unchanged - k.rows)
       from known k where e.run_id = $1 and e.entity = $2 and e.unchanged > 0)
     select count(*) as batches from added`,
    [runId, entity, ...values],
  );
  const batches = added.rows[0]?.batches ?? 0;
  if (batches > 0) await countBatches(tx, runId, entity);
  return batches;
}
