/**
 * What becomes of a row that is expected, looked up as loaders do: they move keys first, then take over rows that the source has given a new one.
 * In these statements `e` is a row of `expected` (one row of the source, as the target is to have it), `o` a row of the target's table.
 */
import { entities, type Entity, entityNamed } from "@nexus/catalog";
import { comparedColumns, madeOf, parentJoins } from "./compare-sql.ts";
import { expectedColumn } from "./twins.ts";

/**
 * A select's fate and its `from`: `inserted`, `updated` or `unchanged`; null where a row is not loaded.
 *
 * @param isKept the target's legacy key is the source's key
 */
export function fateSql(entity: Entity, isKept: boolean): string {
  const differs = comparedColumns(entity).map((one) => one.differs);
  const moves = !isKept && entity.target.origin !== null;
  const { select, join } = moves ? byOriginThenKey(entity) : byKey(entity);
  return `case when e.outcome <> 'loaded' then null when t.id is null then 'inserted'
      when ${differs.join("\n      or ")} then 'updated' else 'unchanged' end as fate
    from expected e ${join} left join lateral (${select}) t on true ${parentJoins(entity)}`;
}

/** How the target's row of `e` is found. */
interface Lookup {
  /** Selects that row, or none. */
  readonly select: string;
  /** What `select` needs joined to `expected e`; may be empty. */
  readonly join: string;
}

/** By its key; where there is none of that key, the row that a loader takes over, of entities that have a second key. */
function byKey(entity: Entity): Lookup {
  const { table, key, alsoUnique } = entity.target;
  const ofKey = `select o.* from public.${table} o where o.${key} = e.legacy_key`;
  const takenOver = alsoUnique.length === 0 ? "" : `\n union all ${takenOverSql(entity)}`;
  return { select: `${ofKey}${takenOver} limit 1`, join: "" };
}

/**
 * The row that a loader takes over: it has the same second key, and its own key is not among those of the source that are looked at.
 *
 * Example: the membership of user 3 in practice 5 had the key 10 in the source, was deleted there and inserted again with the key 11. The target's row
 * of these two has the key 10, which the source has no more: it is the row of 11, and 11 is not inserted.
 */
function takenOverSql(entity: Entity): string {
  const { table, key, alsoUnique, columns } = entity.target;
  const same = alsoUnique.map((name) => {
    const references = columns[name]?.references;
    const ours = `e.${expectedColumn(name)}`;
    if (references === undefined) return `o.${name} = ${ours}`;
    const parent = entityNamed(entities, references).target;
    return `o.${name} = (select p.id from public.${parent.table} p where p.${parent.key} = ${ours} limit 1)`;
  });
  return `select o.* from public.${table} o where ${same.join(" and ")} and o.${key} is not null
    and not exists (select from public.${table} k where k.${key} = e.legacy_key)
    and not exists (select from expected x where x.source_key = o.${key})`;
}

/**
 * Of entities whose key in the target is not the source's own and may change there, as a project's number does: the row that says that it was made of
 * this source row, whatever its key is; else the row of that key, unless it says that it was made of another one.
 *
 * Example: project 7 had the number 100, and has 200 now; project 8 has got the number 100. The target's row with the key 100 says that it was made of
 * project 7. So it is the row of 7, which is updated. It is not the row of 8, though it has the number of 8: 8 is inserted.
 *
 * Nothing has an index over what rows say there. So most source rows (project 9, whose row has its key still) are looked up by their key, and for those
 * that are `not_at_key` (7 and 8) the table is gone through once: `made` is what that finds (of 7 its row, of 8 none).
 */
function byOriginThenKey(entity: Entity): Lookup {
  const { table, key } = entity.target;
  const origin = madeOf(entity, "o");
  const isMadeOfIt = `${origin} = e.source_key`;
  const join = `left join (
      with not_at_key as materialized (
        select e.source_key from expected e where e.outcome = 'loaded' and not exists (
          select from public.${table} o where o.${key} = e.legacy_key and ${isMadeOfIt}))
      select distinct on (n.source_key) n.source_key, o.id from not_at_key n join public.${table} o on ${origin} = n.source_key
      order by n.source_key, o.id) made on made.source_key = e.source_key`;
  // A row that does not say what it was made of was there before us: it is the one of its key.
  const select = `select o.* from public.${table} o where o.id = made.id
    union all select o.* from public.${table} o
    where made.id is null and o.${key} = e.legacy_key and coalesce(${isMadeOfIt}, true) limit 1`;
  return { select, join };
}
