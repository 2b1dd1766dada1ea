/** What a run has made of the source, beside what the twins expect of it: cell by cell, outcome by outcome, note by note. */
import { entities, type Entity, inDependencyOrder, parseCodes } from "@nexus/catalog";
import { expectedColumn, openTwins, type TwinDeps, type Twins } from "@nexus/extractor/twins";
import { type Queryable, readSourceShape } from "@nexus/shared/database";
import type { Journey } from "./journey.ts";

/** Where twin and target differ: an entity, a legacy key, and what differs (never its value). */
interface Difference {
  readonly entity: string;
  readonly key: number;
  readonly what: string;
}

export interface Beside {
  readonly differences: readonly Difference[];
  /** Rows that were compared, by entity and outcome. */
  readonly rows: Readonly<Record<string, number>>;
  /** Notes that were compared, by code and column. */
  readonly notes: Readonly<Record<string, number>>;
}

/** Every key. */
const ALL = { from: Number.MIN_SAFE_INTEGER, to: Number.MAX_SAFE_INTEGER };

/** Compares all that a run has loaded. `zone`, `encoding`: as an operator told the loaders. */
export async function besideTheTwins(
  { legacy, target }: Pick<Journey, "legacy" | "target">,
  runId: number,
  zone?: string,
  encoding: TwinDeps["encoding"] = {},
): Promise<Beside> {
  const shape = await readSourceShape(legacy, zone);
  const twins = await openTwins({ legacy, target, shape, codes: parseCodes(), encoding });
  const all: Beside[] = [];
  try {
    for (const entity of inDependencyOrder(entities)) all.push(await compare(twins, entity, runId));
  } finally {
    await twins.close();
  }
  return {
    differences: all.flatMap(({ differences }) => differences),
    rows: Object.assign({}, ...all.map(({ rows }) => rows)),
    notes: Object.assign({}, ...all.map(({ notes }) => notes)),
  };
}

async function compare(twins: Twins, entity: Entity, runId: number): Promise<Beside> {
  return await twins.expecting(entity, ALL, async (tx) => {
    await twins.keep(entity);
    const differences = [
      ...(await find(tx, entity, cellsSql(entity), [])),
      ...(await find(tx, entity, outcomesSql, [runId, entity.name])),
      ...(await find(tx, entity, notesSql, [runId, entity.name])),
    ];
    return {
      differences,
      rows: await tally(tx, entity, "select outcome as name, count(*) from expected group by 1"),
      notes: await tally(
        tx,
        entity,
        "select note as name, count(*) from expected, unnest(notes) note group by 1",
      ),
    };
  });
}

async function find(
  tx: Queryable,
  { name }: Entity,
  sql: string,
  values: readonly unknown[],
): Promise<Difference[]> {
  const { rows } = await tx.query<{ key: number; what: string }>(sql, [...values]);
  return rows.map(({ key, what }) => ({ entity: name, key, what }));
}

async function tally(tx: Queryable, { name }: Entity, sql: string) {
  const { rows } = await tx.query<{ name: string; count: number }>(sql);
  return Object.fromEntries(rows.map((row) => [`${name} ${row.name}`, row.count]));
}

/** Rows of the target that are missing or too many, and the columns in which others differ. */
function cellsSql({ target: { table, key, columns } }: Entity): string {
  const cells = Object.entries(columns).map(([column, { references }]) => {
    const actual = references === undefined ? `t.${column}` : keyOf(references, column);
    const expected = `e.${expectedColumn(column)}`;
    const left = /^(created|updated)_at$/.test(column) ? `${expected} is not null and ` : "";
    return `case when ${left}(${actual}) is distinct from ${expected} then '${column}' end`;
  });
  return `select * from (
      select coalesce(e.legacy_key, t.${key}) as key,
        case when e.legacy_key is null then 'not expected' when t.id is null then 'not in the target'
          else array_to_string(array[${cells.join(", ")}], ', ') end as what
      from (select * from expected where outcome = 'loaded') e
      full join public.${table} t on t.${key} = e.legacy_key) compared
    where what <> '' order by key`;
}

function keyOf(parent: string, column: string): string {
  const found = entities.find(({ name }) => name === parent);
  if (found === undefined) throw new Error(`${parent} is no entity`);
  const { table, key } = found.target;
  return `select p.${key}::bigint from public.${table} p where p.id = t.${column}`;
}

const outcomesSql = `
  select coalesce(e.source_key, x.legacy_id) as key,
    concat_ws(' ', 'expected', e.outcome, e.reason, 'but was', x.outcome, x.reason) as what
  from expected e
  full join (select * from migration.exceptions where run_id = $1 and entity = $2 and resolved_at is null) x
    on x.legacy_id = e.source_key
  where (e.outcome, e.reason) is distinct from (coalesce(x.outcome, 'loaded'), x.reason) order by 1`;

const notesSql = `
  with noted as (
    select r.key, array_agg(n.code || ':' || n.column_name order by (n.code || ':' || n.column_name) collate "C") as notes
    from migration.notes n join migration.batches b on b.id = n.batch_id, unnest(n.legacy_ids) as r (key)
    where b.run_id = $1 and b.entity = $2 group by 1)
  select coalesce(e.source_key, n.key) as key, concat_ws(' ', 'expected', e.notes::text, 'but was', n.notes::text) as what
  from expected e full join noted n on n.key = e.source_key
  where e.notes is distinct from coalesce(n.notes, '{}') order by 1`;
