/** What differs between `expected`, which a twin filled, and the target: one statement, written from the entity's columns. */
import { type Column, entities, type Entity, entityNamed } from "@nexus/catalog";
import type { Marker } from "../gone/marker.ts";
import { FATE_DIFFERS, LEDGER } from "./ledger-sql.ts";
import type { Keys } from "./ranges.ts";
import { expectedColumn } from "./twins.ts";

/** Instants that are the time of first load where the source has none: then they are null in `expected`, and not compared. */
const INSTANTS: readonly string[] = ["created_at", "updated_at"];

/** Which rows of the target belong to the keys that are compared: SQL over an expression of the key. */
export interface Reach {
  readonly values: readonly unknown[];
  within(expression: string, first: number): string;
}

export function reachOf(keys: Keys): Reach {
  if ("from" in keys)
    return {
      values: [keys.from, keys.to],
      within: (expression, n) => `${expression} between $${n}::bigint and $${n + 1}::bigint`,
    };
  return { values: [keys], within: (expression, n) => `${expression} = any($${n}::bigint[])` };
}

interface Compared {
  readonly name: string;
  readonly column: Column;
  /** Both sides, of comparable types. */
  readonly expected: string;
  readonly actual: string;
  /** SQL: whether they differ. */
  readonly differs: string;
}

/** What is asked of an entity beside its columns. */
export interface Asked {
  /** The target's legacy key is the source's key. */
  readonly isKept: boolean;
  readonly reach: Reach;
  /** Where a row says that it is archived; undefined: none can. */
  readonly marker: Marker | undefined;
}

/**
 * A select of `(legacy_id, column_name, kind, changed_since)`, one row for each difference. `$1` is the entity's name; from `$2` on is `reach`.
 * A snapshot does not name the parts of transactions that are open, nor does a standby name any: who wrote while one was open counts as later.
 * One join, and no hashes of ranges before it: both sides are in one server, and a hash reads all that the join reads.
 */
export function differencesSql(entity: Entity, asked: Asked): string {
  const compared = comparedColumns(entity);
  const kinds = compared.map((one) => `('${one.name}', ${kindOf(one, compared)})`);
  return `
  with ${LEDGER},
  -- Rows that should be there: missing, or a column that differs.
  cells as (
    select e.source_key as legacy_id, c.column_name, c.kind
    from expected e
    left join lateral (${rowOf(entity)}) t on true ${parentJoins(entity)}
    cross join lateral (values ('', 'missing_row'), ${kinds.join(",\n      ")}) c (column_name, kind)
    where e.outcome = 'loaded' and (t.id is null or ${compared.map(({ differs }) => differs).join("\n      or ")})
      and (c.kind = 'missing_row') = (t.id is null)),
  -- Rows whose outcome, reason or notes the ledger tells otherwise.
  fates as (
    select e.source_key, f.what, 'outcome_differs' from expected e join ledger l using (source_key)
    cross join lateral (select ${FATE_DIFFERS} as what) f where f.what is not null),
  -- And rows that should not be there.
  differences as (
    select * from cells union all select * from fates union all ${surplusSql(entity, asked)})
  select d.legacy_id, d.column_name, d.kind,
    coalesce(e.since >= txid_snapshot_xmin(l.snapshot), false) as changed_since
  from differences d
  left join expected e on e.source_key = d.legacy_id
  left join ledger l on l.source_key = d.legacy_id
  where d.kind <> 'missing_row' or coalesce(l.outcome, 'loaded') = 'loaded'`;
}

/** The target's row of `e`; by index even where a table was never analysed. */
function rowOf({ target: { table, key } }: Entity): string {
  return `select * from public.${table} o where o.${key} = e.legacy_key limit 1`;
}

/**
 * Rows of the target that are not expected: their source row is gone, and they are not archived for that, or it has another outcome. Where the ledger has that outcome wrong, it is said
 * of the ledger. That a row is archived the ledger says, and the row: others may take its marker away. `reach`, from `$2` on: of which source rows.
 */
function surplusSql(entity: Entity, { isKept, reach, marker }: Asked): string {
  const { table, key } = entity.target;
  const source = sourceOf(entity, isKept);
  return `select ${source}, '', case when e.source_key is null then 'stale_row' else 'extra_row' end
    from public.${table} t
    left join expected e on e.source_key = ${source}
    left join ledger l on l.source_key = e.source_key
    where t.${key} is not null and ${reach.within(isKept ? `t.${key}` : source, 2)}
      and not (e.source_key is null and ${marker?.marked ?? "false"} and exists (
        select from migration.archived_rows a where a.entity = '${entity.name}' and a.id = t.id and a.back_run is null))
      and not coalesce(e.outcome = 'loaded' and e.legacy_key = t.${key}, false)
      and not (e.source_key is not null and (t.${key} < 0 or (e.outcome <> 'loaded' and l.outcome is not distinct from 'loaded')))`;
}

/** The source row that a row `t` of the target was made of: what the entity says, or else its legacy key. */
export function sourceOf(entity: Entity, isKept: boolean): string {
  const { key, origin } = entity.target;
  if (isKept || origin === null) return `t.${key}::bigint`;
  return `coalesce(${madeOf(entity, "t")}, t.${key})`;
}

/** What a row says of the source row that it was made of; null where that is no key. */
export function madeOf({ target: { origin } }: Entity, row: string): string {
  if (origin === null) return "null::bigint";
  return `(case when ${row}.${origin} ~ '^-?[0-9]{1,18}$' then (${row}.${origin})::bigint end)`;
}

export function comparedColumns(entity: Entity): readonly Compared[] {
  const { key, columns } = entity.target;
  return Object.entries(columns)
    .filter(([name]) => name !== key)
    .map(([name, column]) => {
      const [expected, actual] = sides(name, column);
      return { name, column, expected, actual, differs: differs(name, column, expected, actual) };
    });
}

/** Text for what others may keep as another kind of text. */
function sides(name: string, { type, references }: Column): readonly [string, string] {
  const ours = `e.${expectedColumn(name)}`;
  if (references !== undefined) return [ours, `${parentAlias(name)}.key`];
  if (type === "text" || type.endsWith("_enum")) return [`${ours}::text`, `t.${name}::text`];
  if (type === "jsonb") return [`${ours}::jsonb`, `t.${name}::jsonb`];
  return [ours, `t.${name}`];
}

function differs(name: string, column: Column, expected: string, actual: string): string {
  const differ = `${expected} is distinct from ${actual}`;
  // A row of somebody else, without a legacy key, is another parent, too.
  if (column.references !== undefined)
    return `(${differ} or (t.${name} is null) <> (${actual} is null))`;
  if (INSTANTS.includes(name)) return `(${expected} is not null and ${differ})`;
  return differ;
}

/** The kind of a cell's difference; null where there is none. */
function kindOf({ name, column, differs, ...sides }: Compared, all: readonly Compared[]): string {
  const { expected, actual } = sides;
  if (name === "practice_id") return `case when ${differs} then 'wrong_practice' end`;
  if (column.references !== undefined) return `case when ${differs} then 'swapped_link' end`;
  if (column.type === "text")
    return `case when not (${differs}) then null
        when length(${actual}) < length(${expected}) and left(${expected}, length(${actual})) = ${actual} then 'truncated_text'
        else 'changed_cell' end`;
  if (column.type !== "timestamptz") return `case when ${differs} then 'changed_cell' end`;
  const others = all.filter((one) => one.column.type !== "timestamptz").map((one) => one.differs);
  return `case when not (${differs}) then null
        when not (${shifted(expected, actual)}) or ${others.join(" or ")} then 'changed_cell'
        else 'shifted_time' end`;
}

/** Whole quarters of an hour, up to the 26 hours between the zones that are farthest apart. */
function shifted(expected: string, actual: string): string {
  return `case when isfinite(${expected}) and isfinite(${actual}) then
          abs(extract(epoch from ${expected} - ${actual})) <= 93600 and mod(extract(epoch from ${expected} - ${actual})::numeric, 900) = 0
          else false end`;
}

function parentAlias(column: string): string {
  return `of_${column}`;
}

export function parentJoins({ target: { columns } }: Entity): string {
  return Object.entries(columns)
    .flatMap(([name, { references }]) => {
      if (references === undefined) return [];
      const parent = entityNamed(entities, references).target;
      return `left join lateral (select p.${parent.key}::bigint as key from public.${parent.table} p where p.id = t.${name} limit 1) ${parentAlias(name)} on true`;
    })
    .join("\n    ");
}
