/** Rows of the source as the first run will map them. Parents are taken for what that run makes of them, whether they are in the target yet or not. */
import {
  type Codes,
  entities,
  type Entity,
  entityNamed,
  extractionSql,
  idOf,
  type LoadedRow,
  type Parent,
  type SourceRow,
  type SourceShape,
  UnreadableRow,
} from "@nexus/catalog";
import { readOnly, readTarget } from "@nexus/shared/database";
import type { Deps } from "../deps.ts";
import type { Match } from "./match.ts";

/** What the first run will know. */
export interface Future {
  readonly deps: Pick<Deps, "legacy" | "target" | "settings" | "signal">;
  readonly shape: SourceShape;
  readonly codes: Codes;
  readonly namespace: string;
  /** Rows that would be adopted: of an entity, ids by legacy key. */
  readonly adopted: Map<string, ReadonlyMap<number, string>>;
  /** Parents that were mapped, with what their children ask of them. Undefined: it will not be there. */
  readonly parents: Map<string, Map<number, Parent | undefined>>;
}

/** Adds what a plan would adopt. */
export function willAdopt(future: Future, { name }: Entity, matches: readonly Match[]): void {
  future.adopted.set(name, new Map(matches.map(({ id, legacyKey }) => [legacyKey, id])));
}

/** The rows of these keys of the source that will be loaded. */
export async function mapFuture(
  future: Future,
  entity: Entity,
  legacyIds: readonly number[],
): Promise<LoadedRow[]> {
  const rows = await readByKeys(future, entity, legacyIds);
  const found = await parentsOf(future, entity, rows);
  const outcomes = rows.map((row) =>
    row.map((name, legacyId) => found.get(name)?.get(legacyId), future.codes),
  );
  return outcomes.filter((outcome) => outcome.kind === "loaded");
}

/** One that cannot be read is rejected by the run, too. */
async function readByKeys(
  { deps: { legacy, settings, signal }, shape }: Future,
  entity: Entity,
  legacyIds: readonly number[],
): Promise<SourceRow[]> {
  const bounds = { statementMs: settings.legacyStatementMs, signal };
  const sql = extractionSql(entity, shape, "keys");
  const { rows } = await readOnly(legacy, (tx) => tx.query<object>(sql, [legacyIds]), bounds);
  return rows.flatMap((raw) => {
    try {
      return [entity.read(raw)];
    } catch (error) {
      if (error instanceof UnreadableRow) return [];
      throw error;
    }
  });
}

type Parents = ReadonlyMap<number, Parent | undefined>;

async function parentsOf(
  future: Future,
  entity: Entity,
  rows: readonly SourceRow[],
): Promise<ReadonlyMap<string, Parents>> {
  const wanted = new Map<string, Set<number>>();
  for (const { links } of rows)
    for (const { entity: name, legacyId } of links)
      if (Math.abs(legacyId) < 2 ** 31)
        wanted.set(name, (wanted.get(name) ?? new Set()).add(legacyId));
  const found = new Map<string, Parents>();
  for (const [name, keys] of wanted) {
    const parent = entityNamed(entities, name);
    const learn = (entity.parents[name] ?? []).length === 0 ? idsIn : mappedParents;
    found.set(name, await learn(future, parent, [...keys]));
  }
  return found;
}

/** Where a child wants nothing but the id: that of the row that is there, or is adopted, or will be made. */
async function idsIn(
  { deps, namespace, adopted }: Future,
  entity: Entity,
  keys: readonly number[],
): Promise<Parents> {
  const there = await rowsOfKeys(deps, entity, [], keys);
  const theirs = adopted.get(entity.name);
  return new Map(
    keys.map((key) => {
      const id = there.get(key)?.id ?? theirs?.get(key) ?? idOf(namespace, entity.name, key);
      return [key, { id }];
    }),
  );
}

/** Where a child asks for columns: the row as it will be mapped, else as it is there. Others may ask meanwhile: known is what was found out. */
async function mappedParents(
  future: Future,
  entity: Entity,
  keys: readonly number[],
): Promise<Parents> {
  const known = future.parents.get(entity.name) ?? new Map<number, Parent | undefined>();
  future.parents.set(entity.name, known);
  const unknown = keys.filter((key) => !known.has(key));
  if (unknown.length === 0) return known;
  const columns = askedOf(entity);
  const there = await rowsOfKeys(future.deps, entity, columns, unknown);
  const mapped = await asParents(future, entity, await mapFuture(future, entity, unknown));
  for (const key of unknown) known.set(key, mapped.get(key) ?? there.get(key));
  return known;
}

/** Keeps of mapped rows what children will ask. */
export async function remember(
  future: Future,
  entity: Entity,
  rows: readonly LoadedRow[],
): Promise<void> {
  if (askedOf(entity).length === 0) return;
  const known = future.parents.get(entity.name) ?? new Map<number, Parent | undefined>();
  future.parents.set(entity.name, known);
  for (const [key, parent] of await asParents(future, entity, rows)) known.set(key, parent);
}

/** Of mapped rows what children ask of them, by legacy key. */
async function asParents(
  future: Future,
  entity: Entity,
  rows: readonly LoadedRow[],
): Promise<ReadonlyMap<number, Parent>> {
  const columns = askedOf(entity);
  const ids = await idsIn(
    future,
    entity,
    rows.map(({ legacyId }) => legacyId),
  );
  return new Map(
    rows.map(({ legacyId, row }) => {
      const asked = columns.map((column) => [column, row[column]?.toString() ?? null]);
      return [legacyId, { ...Object.fromEntries(asked), id: ids.get(legacyId)?.id ?? "" }];
    }),
  );
}

/** The columns that any child asks for. */
function askedOf({ name }: Entity): string[] {
  return [...new Set(entities.flatMap(({ parents }) => parents[name] ?? []))];
}

async function rowsOfKeys(
  { target }: Future["deps"],
  { target: { table, key } }: Entity,
  columns: readonly string[],
  keys: readonly number[],
): Promise<ReadonlyMap<number, Parent>> {
  const selected = ["id", ...columns].map((column) => `${column}::text`).join(", ");
  const { rows } = await readTarget(target, (tx) =>
    tx.query<Parent & { legacy_key: number }>(
      `select ${key} as legacy_key, ${selected} from public.${table} where ${key} = any($1::integer[])`,
      [keys],
    ),
  );
  return new Map(rows.map((row) => [row.legacy_key, row]));
}
