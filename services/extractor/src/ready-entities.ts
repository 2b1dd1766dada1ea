/** Entities of a run that something may be done with, for a look before it is done: whoever does it looks again under their lock. */
import type { Queryable } from "@nexus/shared/database";
import type { BatchStatus } from "@nexus/shared/states";
import { gateOpenIn } from "@nexus/shared/ledger";

/**
 * Entities whose plan is complete and whose gate is open, in the order of the catalog.
 * `parents`: of each entity of the catalog.
 */
export async function entitiesToOpen(
  db: Queryable,
  runId: number,
  parents: ReadonlyMap<string, readonly string[]>,
): Promise<string[]> {
  const own = `array(select jsonb_array_elements_text($2::jsonb -> p.entity))`;
  const found = await db.query<{ entity: string }>(
    `select p.entity from migration.run_entities p
     where p.run_id = $1 and p.status = 'planned' and ${gateOpenIn("$1", "p.entity", own)} order by p.position`,
    [runId, JSON.stringify(Object.fromEntries(parents))],
  );
  return found.rows.map(({ entity }) => entity);
}

/** Entities that load and have a batch that may be offered now, in the order of the catalog. */
export async function entitiesToOffer(db: Queryable, runId: number): Promise<string[]> {
  const found = await db.query<{ entity: string }>(
    `select e.entity from migration.run_entities e
     where e.run_id = $1 and e.status = 'loading' and exists (
       select from migration.batches b
       where b.run_id = e.run_id and b.entity = e.entity and b.status = 'planned' and b.available_at <= now())
     order by e.position`,
    [runId],
  );
  return found.rows.map(({ entity }) => entity);
}

/** Entities that load and have no batch in any of these statuses, in the order of the catalog. */
export async function entitiesWithout(
  db: Queryable,
  runId: number,
  open: readonly BatchStatus[],
): Promise<string[]> {
  const found = await db.query<{ entity: string }>(
    `select e.entity from migration.run_entities e
     where e.run_id = $1 and e.status = 'loading' and not exists (
       select from migration.batches b
       where b.run_id = e.run_id and b.entity = e.entity and b.status = any($2::text[]) and b.status in ('planned', 'queued'))
     order by e.position`,
    [runId, open],
  );
  return found.rows.map(({ entity }) => entity);
}
