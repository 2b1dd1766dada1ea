/** What becomes of a row that is expected, looked up as loaders do: they move keys first, then take over rows that the source has given a new one. */
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
  const { row, beside } = moves ? movedRow(entity) : keyedRow(entity);
  return `case when e.outcome <> 'loaded' then null when t.id is null then 'inserted'
      when ${differs.join("\n      or ")} then 'updated' else 'unchanged' end as fate
    from expected e ${beside} left join lateral (${row}) t on true ${parentJoins(entity)}`;
}

interface Found {
  /** A select of the target's row of `e`. */
  readonly row: string;
  /** What it needs beside `expected e`. */
  readonly beside: string;
}

/** By its key; where there is none of that key, by the second one. */
function keyedRow(entity: Entity): Found {
  const { table, key } = entity.target;
  const keyed = `select o.* from public.${table} o where o.${key} = e.legacy_key`;
  const second = entity.target.alsoUnique.length === 0 ? "" : `\n union all ${heldRow(entity)}`;
  return { row: `${keyed}${second} limit 1`, beside: "" };
}

/** The row that a loader takes over: it has the same second key, and its own key is not among those of the source that are looked at. */
function heldRow(entity: Entity): string {
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

/** Of keys that are not the source's own, and move: the row that was made of the source row, whatever its key is; else the one of that key, unless it is another row's. */
function movedRow(entity: Entity): Found {
  const { table, key } = entity.target;
  const isOurs = `${madeOf(entity, "o")} = e.source_key`;
  // Nothing has an index over what a row was made of: the table is gone through once, and only where some row is not under its key.
  const beside = `left join (
      with apart as materialized (
        select e.source_key from expected e where e.outcome = 'loaded' and not exists (
          select from public.${table} o where o.${key} = e.legacy_key and ${isOurs}))
      select distinct on (a.source_key) a.source_key, o.id from apart a join public.${table} o on ${madeOf(entity, "o")} = a.source_key
      order by a.source_key, o.id) home on home.source_key = e.source_key`;
  const row = `select o.* from public.${table} o where o.id = home.id
    union all select o.* from public.${table} o
    where home.id is null and o.${key} = e.legacy_key and coalesce(${isOurs}, true) limit 1`;
  return { row, beside };
}
