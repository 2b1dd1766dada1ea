/** What the first run will change in rows that a plan would adopt: counted by the comparison that the loader makes. No value leaves it. */
import type { Entity } from "@nexus/catalog";
import {
  addChanges,
  type Changes,
  changesFrom,
  countDifferent,
  NO_CHANGES,
  readTarget,
  readTargetTables,
  sentColumns,
  sentValues,
} from "@nexus/shared/database";
import { type Future, mapFuture, remember, willAdopt } from "./future.ts";
import type { Match } from "./match.ts";

/** Rows that are read and compared at once. */
const PAGE = 1_000;

/** Pages in flight: while the source reads one, the other is mapped and compared. */
const AT_ONCE = 2;

/** How many of the matched rows will be changed, and in which columns. Parents come before their children. */
export async function foresee(
  future: Future,
  entity: Entity,
  matches: readonly Match[],
): Promise<Changes> {
  willAdopt(future, entity, matches);
  const compare = await comparisonOf(future, entity);
  const ordered = matches.toSorted((a, b) => a.legacyId - b.legacyId);
  let next = 0;
  let changes = NO_CHANGES;
  const work = async (): Promise<void> => {
    while (next < ordered.length) {
      const page = ordered.slice(next, (next += PAGE));
      const found = await compare(page);
      changes = addChanges(changes, found);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return changes;
}

type Compare = (page: readonly Match[]) => Promise<Changes>;

/** All columns but the legacy key, which adopting itself sets. */
async function comparisonOf(future: Future, entity: Entity): Promise<Compare> {
  const { table, key } = entity.target;
  const { target } = future.deps;
  const columns = sentColumns(entity, (await readTargetTables(target))(entity));
  const declared = Object.fromEntries(Object.entries(columns).filter(([name]) => name !== key));
  const sql = countDifferent(declared, `select * from public.${table} o where o.id = i.id limit 1`);
  return async (page) => {
    const ids = new Map(page.map(({ legacyId, id }) => [legacyId, id]));
    const rows = await mapFuture(future, entity, [...ids.keys()]);
    await remember(future, entity, rows);
    const sent = rows.map(({ legacyId }) => ids.get(legacyId) ?? "");
    const values = sentValues(declared, sent, rows);
    const counted = await readTarget(target, (tx) =>
      tx.query<{ rows: number; columns: string }>(sql, values),
    );
    const [found] = counted.rows;
    return found === undefined ? NO_CHANGES : changesFrom(found);
  };
}
