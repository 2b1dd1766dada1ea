/** What must hold of both databases whenever no batch is in flight: every key of the source has an outcome. Keys and counts, never a value. */
import type { Entity } from "@nexus/catalog";
import type { Pool, Queryable } from "../database/pool.ts";
import { type Bounds, readOnly } from "../database/transaction.ts";
import type { Columns, runEntities } from "../tables/index.ts";
import {
  BEGINNING,
  type ComparedPage,
  comparePage,
  keepsKey,
  type Key,
  MOST_MISSING,
} from "./compare-keys.ts";
import type { Broken } from "./invariants.ts";

/**
 * Keys of the source, of entities that the newest run completed, that are neither in the target nor among the exceptions. Reads the
 * source's and the target's indexes page by page. On a live source these are also the rows that came since.
 */
export async function missingKeys(
  legacy: Pool,
  target: Pool,
  entities: readonly Entity[],
  bounds: Bounds = {},
): Promise<Broken[]> {
  const broken: Broken[] = [];
  for (const { name, upTo } of await readWhole(target)) {
    const entity = entities.find((one) => one.name === name);
    if (entity === undefined) continue;
    const missing = await allMissing(legacy, target, entity, upTo, bounds);
    if (missing.length === 0) continue;
    const some = missing.slice(0, 10).join(", ");
    const says = "every key of the source is in the target or among the exceptions";
    broken.push({
      name: "every_key_has_an_outcome",
      says,
      entity: name,
      count: missing.length,
      some,
    });
  }
  return broken;
}

async function allMissing(
  legacy: Pool,
  target: Pool,
  entity: Entity,
  upTo: Key,
  bounds: Bounds,
): Promise<Key[]> {
  if (!(await keepsKey(legacy, entity))) return [];
  const missing: Key[] = [];
  for (let after: Key | null = BEGINNING; after !== null && missing.length < MOST_MISSING;) {
    const from: Key = after;
    const page: ComparedPage = await readOnly(
      target,
      (tx) => comparePage(legacy, tx, { entity, runId: null, upTo }, from, bounds),
      bounds,
    );
    missing.push(...page.missing);
    after = page.to;
  }
  return missing;
}

/** Entities that their newest run read whole and completed. Entities that were waived or are still loading may lack rows. */
async function readWhole(db: Queryable): Promise<{ name: string; upTo: number | string }[]> {
  const found = await db.query<Columns<typeof runEntities, { name: "entity"; upTo: "cursor_key" }>>(
    `select entity as name, cursor_key as "upTo" from (
       select distinct on (entity) * from migration.run_entities where status <> 'skipped' order by entity, run_id desc) newest
     where status = 'complete' and cursor_key > -9223372036854775808 order by entity`,
  );
  return found.rows;
}
