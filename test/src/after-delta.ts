/** What must hold after a delta: the target is the floor of the source as it is now. */
import { entities } from "@nexus/catalog";
import { type EntityProgress, missingKeys } from "@nexus/shared/ledger";
import type { PrivatePostgres } from "@nexus/shared/testing";
import { expect } from "vitest";
import { differences, makeFloor } from "./beside-the-floor.ts";
import type { Journey } from "./journey.ts";

/** But for rows that are gone from the source, which are on record, and the ids of memberships that came back under another key. */
export async function expectFloor(
  { legacy, target, stack }: Journey,
  postgres: PrivatePostgres,
): Promise<void> {
  expect(await missingKeys(legacy, target, entities)).toEqual([]);
  await target.query("drop schema if exists floor cascade");
  await makeFloor(postgres, stack.targetUrl);
  for (const entity of entities) {
    const gone = await keys(
      target,
      "select legacy_id as key from migration.gone_rows where entity = $1",
      entity.name,
    );
    const relinked = await keys(
      target,
      `select unnest(n.legacy_ids) as key from migration.notes n join migration.batches b on b.id = n.batch_id
       where b.entity = $1 and n.code = 'legacy_id_changed'`,
      entity.name,
    );
    const found = await differences(target, entity, 1_000);
    const unexpected = found.filter(
      ({ key, columns }) =>
        !(columns === "not in the floor" && gone.has(key)) &&
        !(columns === "id" && relinked.has(key)),
    );
    expect([entity.name, unexpected.length, unexpected.slice(0, 5)]).toEqual([entity.name, 0, []]);
  }
}

async function keys(target: Journey["target"], sql: string, entity: string): Promise<Set<number>> {
  const { rows } = await target.query<{ key: number }>(sql, [entity]);
  return new Set(rows.map(({ key }) => key));
}

/** How many rows the source holds, of all entities. */
export async function sourceRows({ legacy }: Journey): Promise<number> {
  const { rows } = await legacy.query<{ count: number }>(
    entities.map(({ source: { table } }) => `select count(*) from ${table}`).join(" union all "),
  );
  return rows.reduce((all, { count }) => all + count, 0);
}

type Counted = "read" | "inserted" | "updated" | "unchanged" | "rangesCompared";

/** Of all entities. */
export function sum(progress: readonly EntityProgress[], column: Counted): number {
  return progress.reduce((total, one) => total + one[column], 0);
}

/** By entity, why all of it was read; those of which it was not are left out. */
export function readWhole(progress: readonly EntityProgress[]): Record<string, string> {
  return Object.fromEntries(
    progress.flatMap(({ entity, readWhole: why }) => (why === null ? [] : [[entity, why]])),
  );
}
