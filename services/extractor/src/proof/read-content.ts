/** Reads content rows with their vectors, puts each into words as it is now, and compares: a snapshot of the target at a time. */
import type { Content, Entity } from "@nexus/catalog";
import type { Queryable } from "@nexus/shared/database";
import { chunk } from "@nexus/shared/embedding";
import { setImmediate } from "node:timers/promises";
import { type Reach, sourceOf } from "./compare-sql.ts";
import { type ContentRow, pendingAmong } from "./pending-vectors.ts";
import { vectorKinds } from "./vector-kinds.ts";

/** What is looked at: rows of one entity whose source keys are within reach. */
export interface Sight {
  readonly entity: Entity;
  readonly content: Content;
  /** Whether the target's legacy keys are the source's own. */
  readonly isKept: boolean;
  /** Null: all rows that have a legacy key. */
  readonly reach: Reach | null;
  /** Whether the target has a table for vectors. */
  readonly hasVectors: boolean;
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

/** Rows that are in memory at once: one may have megabytes. */
const SLICE_ROWS = 50;

interface Key extends ContentRow {
  readonly legacyKey: number;
}

interface Row extends Key {
  readonly vectors: string;
  /** Whether one of its vectors is in another practice. */
  readonly isApart: boolean;
}

interface Differing extends ContentRow {
  readonly kinds: readonly string[];
  readonly isApart: boolean;
}

/** Looks at the rows behind a legacy key. A vector in a wrong practice is never pending: it goes with its row in one transaction. */
export async function lookAtContent(tx: Queryable, sight: Sight, after: number): Promise<Look> {
  await tx.query("set local jit = off");
  return (await hasAnyVector(tx, sight))
    ? await lookAtEach(tx, sight, after)
    : await lookAtBare(tx, sight, after);
}

async function hasAnyVector(tx: Queryable, { content, hasVectors }: Sight): Promise<boolean> {
  if (!hasVectors) return false;
  const found = await tx.query("select from public.ai_embeddings where content_type = $1 limit 1", [
    content.contentType,
  ]);
  return found.rowCount === 1;
}

/** Puts every row into words, and asks of those that differ whether they are pending. */
async function lookAtEach(tx: Queryable, sight: Sight, after: number): Promise<Look> {
  const { entity, content } = sight;
  const differing: Differing[] = [];
  let [rows, last]: [number, number | null] = [0, after];
  while (last !== null && rows < LOOK_ROWS) {
    const slice = await readSlice(tx, sight, last);
    differing.push(...slice.flatMap((row) => compare(content, row)));
    rows += slice.length;
    last = slice.length < SLICE_ROWS ? null : (slice.at(-1)?.legacyKey ?? null);
    // Others have their turn: claims are renewed, runs go on.
    await setImmediate();
  }
  const incomplete = differing.filter(({ kinds }) => kinds.length > 0);
  const pending = await pendingAmong(tx, entity, content, incomplete);
  const found = differing.flatMap(({ id, sourceKey, kinds, isApart }) => [
    ...(pending.has(id) ? [] : kinds).map((kind) => ({ sourceKey, kind })),
    ...(isApart ? [{ sourceKey, kind: "wrong_practice" }] : []),
  ]);
  return { rows, pending: pending.size, found, last };
}

/**
 * Where no row of the kind has a vector, as after runs without embeddings, most are pending: that is asked first, and only the others are put
 * into words. Those that have nothing to say are pending until an embedder has seen it.
 */
async function lookAtBare(tx: Queryable, sight: Sight, after: number): Promise<Look> {
  const { entity, content } = sight;
  const { rows } = await tx.query<Key>(
    `select ${keysSql(sight)} from public.${content.table} t where ${behind(sight)} limit ${LOOK_ROWS}`,
    [after, ...(sight.reach?.values ?? [])],
  );
  const pending = await pendingAmong(tx, entity, content, rows);
  const others = rows.filter(({ id }) => !pending.has(id)).map(({ id }) => id);
  const found: Look["found"][number][] = [];
  for (let at = 0; at < others.length; at += SLICE_ROWS) {
    const slice = await tx.query<Row>(`${selectSql(sight)} where t.id = any($2::uuid[])`, [
      content.contentType,
      others.slice(at, at + SLICE_ROWS),
    ]);
    for (const { sourceKey, kinds } of slice.rows.flatMap((row) => compare(content, row)))
      found.push(...kinds.map((kind) => ({ sourceKey, kind })));
    await setImmediate();
  }
  const last = rows.length < LOOK_ROWS ? null : (rows.at(-1)?.legacyKey ?? null);
  return { rows: rows.length, pending: pending.size, found, last };
}

async function readSlice(tx: Queryable, sight: Sight, after: number): Promise<readonly Row[]> {
  const found = await tx.query<Row>(
    `${selectSql(sight)} where ${behind(sight, 2)} limit ${SLICE_ROWS}`,
    [sight.content.contentType, after, ...(sight.reach?.values ?? [])],
  );
  return found.rows;
}

/** SQL of rows with their vectors; its first parameter is the content type. */
function selectSql(sight: Sight): string {
  const columns = sight.content.columns.map((name) => `t.${name}`).join(", ");
  return `select ${keysSql(sight)}, ${columns}, v.* from public.${sight.content.table} t
     cross join lateral (${sight.hasVectors ? VECTORS : NO_VECTORS}) v`;
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

const VECTORS = `select
    coalesce(json_agg(json_build_object('chunk', a.chunk_index, 'hash', a.sha256_hash)), '[]') as vectors,
    coalesce(bool_or(a.practice_id is distinct from t.practice_id), false) as "isApart"
  from public.ai_embeddings a where a.content_type = $1 and a.content_id = t.id`;

const NO_VECTORS = `select '[]' as vectors, $1::text is null as "isApart"`;

function compare(content: Content, row: Row): readonly Differing[] {
  const { id, sourceKey, isApart } = row;
  const kinds = vectorKinds(chunksOf(content, row), JSON.parse(row.vectors));
  return kinds.length > 0 || isApart ? [{ id, sourceKey, kinds, isApart }] : [];
}

/** Null: the row cannot be put into words. */
function chunksOf(content: Content, row: Row): readonly string[] | null {
  try {
    return chunk(content.compose(row));
  } catch {
    return null;
  }
}
