/** Reads content rows with what was made of them, puts each into words as it is now, and compares: a snapshot of the target at a time. */
import type { Content, Entity } from "@nexus/catalog";
import type { Queryable } from "@nexus/shared/database";
import { chunk } from "@nexus/shared/embedding";
import { setImmediate } from "node:timers/promises";
import { type Reach, sourceOf } from "./compare-sql.ts";
import type { ContentRow, Kinds, Made } from "./made-of-content.ts";

/** What is looked at: rows of one entity whose source keys are within reach. */
export interface Sight {
  readonly entity: Entity;
  readonly content: Content;
  /** Whether the target's legacy keys are the source's own. */
  readonly isKept: boolean;
  /** Null: all rows that have a legacy key. */
  readonly reach: Reach | null;
  readonly made: Made;
}

/** What a look found. */
export interface Look {
  readonly rows: number;
  readonly pending: number;
  readonly found: readonly { readonly sourceKey: number; readonly kind: string }[];
  /** The legacy key of the last row; null: there are no more. */
  readonly last: number | null;
}

/** Content rows of one snapshot. */
const LOOK_ROWS = 10_000;

/** Rows that are in memory at once, and their bytes: one may have megabytes, and is read alone then. */
const SLICE_ROWS = 50;
const SLICE_BYTES = 4 << 20;

/** Bytes of a row that is not put into words: that takes several times as much. What was made of it is not looked at. */
const ROW_BYTES = 16 << 20;

interface Key extends ContentRow {
  readonly legacyKey: number;
}

interface Row extends Key {
  readonly made: string;
  readonly isTooLong: boolean;
}

interface Differing extends ContentRow, Kinds {}

/** Looks at the rows behind a legacy key. */
export async function lookAtContent(tx: Queryable, sight: Sight, after: number): Promise<Look> {
  await tx.query("set local jit = off");
  const { rowCount } = await tx.query(sight.made.any, [sight.content.contentType]);
  return rowCount === 0 ? await lookAtBare(tx, sight, after) : await lookAtEach(tx, sight, after);
}

/** Puts every row into words, and asks of those that differ whether they are pending. */
async function lookAtEach(tx: Queryable, sight: Sight, after: number): Promise<Look> {
  const differing: Differing[] = [];
  let [rows, last]: [number, number | null] = [0, after];
  while (last !== null && rows < LOOK_ROWS) {
    const slice = await readSlice(tx, sight, last);
    differing.push(...slice.flatMap((row) => compare(sight, row)));
    rows += slice.filter(({ isTooLong }) => !isTooLong).length;
    last = slice.at(-1)?.legacyKey ?? null;
    // Others have their turn: claims are renewed, runs go on.
    await setImmediate();
  }
  const incomplete = differing.filter(({ pendable }) => pendable.length > 0);
  const pending = await pendingAmong(tx, sight, incomplete);
  const found = differing.flatMap(({ id, sourceKey, pendable, certain }) =>
    [...(pending.has(id) ? [] : pendable), ...certain].map((kind) => ({ sourceKey, kind })),
  );
  return { rows, pending: pending.size, found, last };
}

/**
 * Where nothing was made of the kind, as after runs without embeddings, most rows are pending: that is asked first, and only the others are put
 * into words. Those that have nothing to say are pending until an embedder has seen it.
 */
async function lookAtBare(tx: Queryable, sight: Sight, after: number): Promise<Look> {
  const { rows } = await tx.query<Key>(
    `select ${keysSql(sight)} from public.${sight.content.table} t where ${behind(sight)} limit ${LOOK_ROWS}`,
    [after, ...(sight.reach?.values ?? [])],
  );
  const pending = await pendingAmong(tx, sight, rows);
  const keys = rows.filter(({ id }) => !pending.has(id)).map(({ legacyKey }) => legacyKey);
  const found: Look["found"][number][] = [];
  for (let at = 0; at < keys.length;) {
    const slice = await readChosen(tx, sight, keys.slice(at, at + SLICE_ROWS));
    for (const { sourceKey, pendable, certain } of slice.flatMap((row) => compare(sight, row)))
      found.push(...[...pendable, ...certain].map((kind) => ({ sourceKey, kind })));
    at += Math.max(1, slice.length);
    await setImmediate();
  }
  const last = rows.length < LOOK_ROWS ? null : (rows.at(-1)?.legacyKey ?? null);
  return { rows: rows.length, pending: pending.size, found, last };
}

/** The ids of those of these rows whose turn has not come. */
async function pendingAmong(
  tx: Queryable,
  { entity, content, made }: Sight,
  rows: readonly ContentRow[],
): Promise<ReadonlySet<string>> {
  if (rows.length === 0) return new Set();
  const found = await tx.query<{ id: string }>(made.pendingSql(content), [
    entity.name,
    rows.map(({ id }) => id),
    rows.map(({ sourceKey }) => sourceKey),
    content.contentType,
  ]);
  return new Set(found.rows.map(({ id }) => id));
}

async function readSlice(tx: Queryable, sight: Sight, after: number): Promise<readonly Row[]> {
  const found = await tx.query<Row>(sliceSql(sight, behind(sight, 2)), [
    sight.content.contentType,
    after,
    ...(sight.reach?.values ?? []),
  ]);
  return found.rows;
}

/** The first of these rows, at least one. */
async function readChosen(
  tx: Queryable,
  sight: Sight,
  keys: readonly number[],
): Promise<readonly Row[]> {
  const key = `t.${sight.entity.target.key}`;
  const chosen = `${key} = any($2::bigint[]) order by ${key}`;
  const { rows } = await tx.query<Row>(sliceSql(sight, chosen), [sight.content.contentType, keys]);
  return rows;
}

/** SQL of rows with what was made of them, as many as may be in memory at once, in the order of their keys. Its first parameter is the content type. */
function sliceSql(sight: Sight, where: string): string {
  const { columns, table } = sight.content;
  const sizes = columns.map((name) => `coalesce(octet_length(t.${name}::text), 0)`).join(" + ");
  const isTooLong = `t.own_bytes > ${ROW_BYTES}`;
  const named = columns.map((name) => `case when not ${isTooLong} then t.${name} end as ${name}`);
  return `select ${keysSql(sight)}, ${named.join(", ")}, m.made, ${isTooLong} as "isTooLong" from (
      select t.*, ${sizes} as own_bytes, sum(${sizes}) over (order by t.${sight.entity.target.key}) as all_bytes
      from (select t.* from public.${table} t where ${where} limit ${SLICE_ROWS}) t) t
    cross join lateral (${sight.made.ofRow}) m
    where all_bytes <= ${SLICE_BYTES} or all_bytes = own_bytes order by t.${sight.entity.target.key}`;
}

function keysSql({ entity, isKept }: Sight): string {
  return `t.id, t.${entity.target.key}::bigint as "legacyKey", ${sourceOf(entity, isKept)} as "sourceKey"`;
}

/** SQL: rows within reach behind a key, which is parameter `first`, in the order of their keys. */
function behind({ entity, isKept, reach }: Sight, first = 1): string {
  const key = `t.${entity.target.key}`;
  const within = reach?.within(isKept ? key : sourceOf(entity, isKept), first + 1) ?? "true";
  return `${key} > $${first}::bigint and ${within} order by ${key}`;
}

function compare({ content, made }: Sight, row: Row): readonly Differing[] {
  const { id, sourceKey, isTooLong } = row;
  if (isTooLong) return [];
  const kinds = made.kinds(content, chunksOf(content, row), row.made);
  const differs = kinds.pendable.length > 0 || kinds.certain.length > 0;
  return differs ? [{ id, sourceKey, ...kinds }] : [];
}

/** Null: the row cannot be put into words. */
function chunksOf(content: Content, row: Row): readonly string[] | null {
  try {
    return chunk(content.compose(row));
  } catch {
    return null;
  }
}
