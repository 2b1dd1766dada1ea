/** Rows that a run lost: what its comparison missed, but for what the live source got since. */
import type { Entity } from "@nexus/catalog";
import { type Bounds, type Pool, type Queryable, readOnly } from "@nexus/shared/database";

/** A batch of a range, or of single keys, of which some are missing. */
interface Gap {
  readonly after: number | string | null;
  readonly to: number | string | null;
  readonly keys: readonly number[] | null;
  readonly read: number;
  readonly missing: number;
}

/**
 * Of the keys that are missing, how many were there when their batch was read: more than the source has got of its range, or of its keys, since.
 */
export async function lostRows(
  legacy: Pool,
  target: Queryable,
  runId: number,
  { name, source: { table, key } }: Entity,
  bounds: Bounds,
): Promise<number> {
  const found = await target.query<Gap>(
    `with missing as (select legacy_id as key from migration.missing_keys where run_id = $1 and entity = $2),
       done as (select * from migration.batches where run_id = $1 and entity = $2 and status = 'done'),
       gaps as (
         select d.id, m.key from missing m join done d on d.after_key < m.key and d.to_key >= m.key
         union all
         select d.id, m.key from done d cross join lateral unnest(d.keys) k (key) join missing m on m.key = k.key)
     select d.after_key as after, d.to_key as "to", d.keys, d.read, g.missing
     from done d join (select id, count(*) as missing from gaps group by id) g on g.id = d.id`,
    [runId, name],
  );
  let lost = 0;
  for (const batch of found.rows) {
    const now = await readOnly(
      legacy,
      (tx) =>
        tx.query<{ count: number }>(
          `select count(*) from ${table} where ${key} > $1::bigint and ${key} <= $2::bigint or ${key} = any($3::bigint[])`,
          [batch.after, batch.to, batch.keys],
        ),
      bounds,
    );
    lost += Math.max(0, batch.missing - Math.max(0, (now.rows[0]?.count ?? 0) - batch.read));
  }
  return lost;
}
