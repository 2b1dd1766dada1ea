/** Reads the rows of the target that have no legacy key, with what they can be known by. */
import { entities, type Entity, entityNamed } from "@nexus/catalog";
import { type Pool, type Queryable, readTarget } from "@nexus/shared/database";
import { asTold, keysOf, type Stranger, type Told, toldColumns } from "./told.ts";

/** Parents that are matched, but whose legacy key is not written: of an entity, by id. */
export type Matched = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** Rows that are read at once. */
const PAGE = 5_000;

interface Row {
  readonly id: string;
  /** Objects of texts, as JSON. */
  readonly told: string;
  readonly links: string;
  readonly places: string | null;
}

type Texts = Readonly<Record<string, string | null>>;

function textsIn(json: string | null): Texts {
  return json === null ? {} : JSON.parse(json);
}

/** All strangers of an entity, in the order of their ids. */
export async function readStrangers(
  target: Pool,
  entity: Entity,
  matched: Matched,
): Promise<Stranger[]> {
  const places = await readTarget(target, (tx) => placesIn(tx, entity));
  const strangers: Stranger[] = [];
  for await (const row of rowsOf(target, rowsSql(entity, "is null", places)))
    strangers.push(strangerOf(entity, row, matched));
  return strangers;
}

/** The rows of a statement that takes the id behind which it goes on. */
async function* rowsOf(target: Pool, sql: string): AsyncGenerator<Row, void> {
  for (
    let after: string | undefined = "00000000-0000-0000-0000-000000000000";
    after !== undefined;
  ) {
    const from: string = after;
    const page: { readonly rows: readonly Row[] } = await readTarget(target, (tx) =>
      tx.query<Row>(sql, [from]),
    );
    const { rows } = page;
    yield* rows;
    after = rows.length < PAGE ? undefined : rows.at(-1)?.id;
  }
}

function strangerOf(entity: Entity, { id, told, links, places }: Row, matched: Matched): Stranger {
  const numbers = Object.entries(textsIn(places)).map(([place, digits]) => [place, Number(digits)]);
  return {
    id,
    told: toldOf(entity, textsIn(told), textsIn(links), matched),
    places: Object.fromEntries(numbers),
  };
}

/** A parent that has no legacy key is the source's that it was matched with; else it is not known. */
function toldOf(
  { target: { columns } }: Entity,
  values: Texts,
  links: Texts,
  matched: Matched,
): Told {
  return Object.fromEntries(
    Object.entries(values).map(([column, value]) => {
      const parent = columns[column]?.references;
      const link = links[column];
      if (parent === undefined || value !== null || typeof link !== "string")
        return [column, asTold(column, value)];
      return [column, matched.get(parent)?.get(link)?.toString()];
    }),
  );
}

function rowsSql(
  entity: Entity,
  condition: "is null" | "is not null",
  places: readonly string[],
): string {
  const { table, key } = entity.target;
  const told = toldColumns(entity);
  const links = told.filter((column) => entity.target.columns[column]?.references !== undefined);
  const members = (names: readonly string[], of: (column: string) => string): string =>
    `json_build_object(${names.map((name) => `'${name}', ${of(name)}`).join(", ")})::text`;
  return `select t.id::text as id, ${members(told, (column) => valueOf(entity, column))} as told,
      ${members(links, (column) => `t.${column}::text`)} as links, (${placesSql(entity, places)}) as places
    from public.${table} t where t.${key} ${condition} and t.id > $1::uuid order by t.id limit ${PAGE}`;
}

/** A column's text, a reference's legacy key of the parent, or a member of the metadata wherever an earlier tool may have put it. */
function valueOf({ target: { columns } }: Entity, column: string): string {
  if (column.startsWith("metadata.")) {
    const name = column.split(".").at(-1) ?? "";
    const camel = `legacy${name.charAt(0).toUpperCase()}${name.slice(1)}`;
    return `coalesce(t.metadata #>> '{legacy,${name}}', t.metadata ->> '${name}', t.metadata ->> 'legacy_${name}', t.metadata ->> '${camel}')`;
  }
  const references = columns[column]?.references;
  if (references === undefined) return `t.${column}::text`;
  const parent = entityNamed(entities, references).target;
  return `(select p.${parent.key}::text from public.${parent.table} p where p.id = t.${column})`;
}

/** Columns of the table that are not ours and may hold keys of the source. */
async function placesIn(tx: Queryable, { target: { table, columns } }: Entity): Promise<string[]> {
  const found = await tx.query<{ column: string }>(
    `select a.attname::text as "column" from pg_attribute a
     where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped
       and a.atttypid in ('int4'::regtype, 'int8'::regtype, 'text'::regtype, 'varchar'::regtype)`,
    [`public.${table}`],
  );
  return found.rows.map(({ column }) => column).filter((column) => columns[column] === undefined);
}

/** Numbers of the source's kind, as text: of columns, of the metadata's members, and of those of its `legacy`. */
function placesSql({ target: { columns } }: Entity, others: readonly string[]): string {
  const metadata = (path: string, prefix: string): string =>
    `select '${prefix}' || m.key, m.value #>> '{}' from jsonb_each(case when jsonb_typeof(${path}) = 'object' then ${path} else '{}' end) m
     where jsonb_typeof(m.value) in ('number', 'string')`;
  const found = [
    ...others.map(
      (column) =>
        `select '${column.replaceAll("'", "''")}', t."${column.replaceAll('"', '""')}"::text`,
    ),
    ...(columns["metadata"] === undefined
      ? []
      : [
          metadata("t.metadata", "metadata."),
          metadata("t.metadata -> 'legacy'", "metadata.legacy."),
        ]),
  ];
  if (found.length === 0) return "null";
  return `select json_object_agg(place, trim(value))::text from (${found.join(" union all ")}) f (place, value)
    where value ~ '^\\s*[0-9]{1,9}\\s*$'`;
}

/** Of these natural keys, those that rows with a legacy key have. */
export async function readHeld(
  target: Pool,
  entity: Entity,
  wanted: ReadonlySet<string>,
): Promise<ReadonlySet<string>> {
  const held = new Set<string>();
  if (wanted.size === 0) return held;
  for await (const row of rowsOf(target, rowsSql(entity, "is not null", [])))
    for (const key of keysOf(entity, strangerOf(entity, row, new Map()).told))
      if (key !== null && wanted.has(key)) held.add(key);
  return held;
}

/** Of these legacy keys, those that rows of the target have. */
export async function readTaken(
  target: Pool,
  { target: { table, key } }: Entity,
  keys: readonly number[],
): Promise<ReadonlySet<number>> {
  const found = await readTarget(target, (tx) =>
    tx.query<{ key: number }>(
      `select ${key} as key from public.${table} where ${key} = any($1::integer[])`,
      [keys],
    ),
  );
  return new Set(found.rows.map(({ key }) => key));
}
