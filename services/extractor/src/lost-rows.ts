/** Rows that a run lost: what its comparison missed, but for what the live source got since. */
import type { Entity } from "@nexus/catalog";
import { type Bounds, type Pool, type Queryable, readOnly } from "@nexus/shared/database";

interface Gap {
  readonly after: number | string;
  readonly to: number | string;
  readonly read: number;
  readonly missing: number;
}

/**
 * Of the keys that are missing, how many were there when their batch was read: more than the source has got in its range since.
 */
export async function lostRows(
  legacy: Pool,
  target: Queryable,
  runId: number,
  { name, source: { table, key } }: Entity,
  bounds: Bounds,
): Promise<number> {
  const found = await target.query<Gap>(
    `select b.after_key as after, b.to_key as "to", b.read, count(*) as missing
     from migration.missing_keys m join migration.batches b
       on b.run_id = m.run_id and b.entity = m.entity and b.status = 'done' and b.after_key < m.legacy_id and b.to_key >= m.legacy_id
     where m.run_id = $1 and m.entity = $2 group by b.id`,
    [runId, name],
  );
  let lost = 0;
  for (const batch of found.rows) {
    const now = await readOnly(
      legacy,
      (tx) =>
        tx.query<{ count: number }>(
          `select count(*) from ${table} where ${key} > $1::bigint and ${key} <= $2::bigint`,
          [batch.after, batch.to],
        ),
      bounds,
    );
    lost += Math.max(0, batch.missing - Math.max(0, (now.rows[0]?.count ?? 0) - batch.read));
  }
  return lost;
}
