/** What the ledger says of single rows, and whether its sums close. */
import type { Pool } from "@nexus/shared/database";
import type { EntityProgress } from "@nexus/shared/ledger";
import { expect } from "vitest";
import type { Journey } from "./journey.ts";

/** Legacy ids of an entity's rows in a run, ascending, by `reason` (exceptions) or `code` (notes). */
export type Keys = Readonly<Record<string, readonly number[]>>;

/** Open exceptions of an entity: legacy ids by `rejected <reason>` and `parked <reason>`. */
export async function exceptionsOf(
  { target }: Journey,
  runId: number,
  entity: string,
): Promise<Keys> {
  const { rows } = await target.query<{ what: string; ids: number[] }>(
    `select outcome || ' ' || reason as what, array_agg(legacy_id::integer order by legacy_id) as ids
     from migration.exceptions where run_id = $1 and entity = $2 and resolved_at is null group by 1`,
    [runId, entity],
  );
  return Object.fromEntries(rows.map(({ what, ids }) => [what, ids]));
}

/** Notes on an entity's rows: legacy ids by `<code> <column>`. */
export async function notesOf({ target }: Journey, runId: number, entity: string): Promise<Keys> {
  const { rows } = await target.query<{ what: string; ids: number[] }>(
    `select n.code || ' ' || n.column_name as what, array_agg(r.key::integer order by r.key) as ids
     from migration.notes n join migration.batches b on b.id = n.batch_id, unnest(n.legacy_ids) as r (key)
     where b.run_id = $1 and b.entity = $2 group by 1`,
    [runId, entity],
  );
  return Object.fromEntries(rows.map(({ what, ids }) => [what, ids]));
}

/** The first column of a query, as numbers in ascending order. */
export async function keys(pool: Pool, sql: string): Promise<number[]> {
  const { rows } = await pool.query<Record<string, number>>(sql);
  return rows.map((row) => Number(Object.values(row)[0])).sort((a, b) => a - b);
}

/** Every row that was read has one outcome, in every entity that was not skipped. */
export function expectSumsToClose(progress: readonly EntityProgress[]): void {
  for (const { entity, status, read, expected, loaded, rejected, parked } of progress) {
    if (status === "skipped") continue;
    expect([entity, status, read]).toEqual([entity, "complete", expected]);
    expect(loaded + rejected + parked, entity).toBe(read);
  }
}
