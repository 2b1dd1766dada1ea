/**
 * Compares the keys of the source with those of the target and of the exceptions, page by page. It finds what is missing here and what is
 * gone there. Both servers add up their keys of a page; keys are fetched only where the sums differ.
 */
import type { Entity } from "@nexus/catalog";
import type { Pool, Queryable } from "../database/pool.ts";
import { readSourceShape } from "../database/source-catalog.ts";
import { askSource, type SourceBounds } from "./ask-source.ts";
import {
  type Differences,
  differences,
  firstKeys,
  type Key,
  LISTED,
  listKeys,
  type Range,
  within,
} from "./listed-keys.ts";
import { exceptedOf, fingerprint, type Fingerprint, isSame } from "./key-set-sums.ts";

export type { Key } from "./listed-keys.ts";

/**
 * What is compared. A key is missing if it is at most `upTo` and has no exception. With `upTo` undefined, no key is missing. Exceptions
 * are those of run `runId`; where that is null, the open ones of all runs.
 */
export interface Comparison {
  readonly entity: Entity;
  readonly runId: number | null;
  readonly upTo: Key | undefined;
}

/** A page behind a key. `to`: its last key; null: nothing is behind it. */
export interface ComparedPage {
  readonly to: Key | null;
  readonly missing: readonly Key[];
  readonly gone: readonly number[];
}

/** Of each side, so many keys are added up at once. */
const PAGE = 250_000;

export const BEGINNING = "-9223372036854775808";

/** How many missing keys of an entity are listed at most. More would tell a reader no more. */
export const MOST_MISSING = 10_000;

/** Whether the target's legacy key is the key by which the source is cut into ranges. If it is not, nobody can tell what is missing. */
export async function keepsKey(legacy: Pool, { source }: Entity): Promise<boolean> {
  return source.keepsKey === undefined || source.keepsKey(await readSourceShape(legacy));
}

/** Where the keys of an entity are in the source, and whether they are those of its exceptions, too. */
interface Held {
  readonly column: string;
  readonly kept: boolean;
}

/**
 * The page behind `after`. The target is read before the source where keys are fetched: what a live source gains meanwhile is never
 * taken for gone. What it got since it was read is missing.
 */
export async function comparePage(
  legacy: Pool,
  target: Queryable,
  comparison: Comparison,
  after: Key,
  bounds: SourceBounds,
): Promise<ComparedPage> {
  const { source } = comparison.entity;
  const column = source.legacyId?.(await readSourceShape(legacy)) ?? source.key;
  const held = { column, kept: await keepsKey(legacy, comparison.entity) };
  if (!held.kept)
    return await listPage(legacy, target, comparison, held, { after, to: null }, bounds);
  const [page, isEqual] = await addUp(
    legacy,
    target,
    comparison,
    { after, to: null },
    PAGE,
    bounds,
  );
  if (isEqual) return { ...SAME, to: page.to };
  return await listAll(legacy, target, comparison, held, page, bounds);
}

/** The first `size` keys that the source holds in a range, and whether both sides hold the same up to the last of them. */
async function addUp(
  legacy: Pool,
  target: Queryable,
  comparison: Comparison,
  range: Range,
  size: number,
  bounds: SourceBounds,
): Promise<readonly [Range, boolean]> {
  const { table, key } = comparison.entity.source;
  const keys = firstKeys(table, key, size);
  const seed = Math.floor(Math.random() * 2 ** 31);
  const ask = (tx: Queryable): Promise<Fingerprint> =>
    fingerprint(tx, keys, [range.after, range.to], seed);
  const there = await askSource(legacy, ask, bounds);
  const page = { after: range.after, to: there.count < size ? range.to : there.last };
  return [page, isSame(there, await keysHere(target, comparison, page, seed))];
}

const SAME: ComparedPage = { to: null, missing: [], gone: [] };

/** The keys of the target and of the exceptions, each once. */
async function keysHere(
  db: Queryable,
  { entity, runId }: Comparison,
  { after, to }: Range,
  seed: number,
): Promise<Fingerprint> {
  const { table, key } = entity.target;
  const sql = `select ${key}::bigint as k from public.${table} where ${within(key)}
    union all select distinct legacy_id from migration.exceptions x
    where entity = $3 and ${within("legacy_id")} and ${exceptedOf(runId)}
      and not exists (select from public.${table} t where t.${key} = x.legacy_id)`;
  return await fingerprint(db, sql, [after, to, entity.name], seed);
}

/** Goes part by part, and fetches the keys of those parts whose sums differ. */
async function listAll(
  legacy: Pool,
  target: Queryable,
  comparison: Comparison,
  held: Held,
  range: Range,
  bounds: SourceBounds,
): Promise<ComparedPage> {
  const missing: Key[] = [];
  const gone: number[] = [];
  for (let { after } = range; ;) {
    const [part, isEqual] = await addUp(
      legacy,
      target,
      comparison,
      { after, to: range.to },
      LISTED,
      bounds,
    );
    const page = isEqual ? SAME : await listPage(legacy, target, comparison, held, part, bounds);
    missing.push(...page.missing);
    gone.push(...page.gone);
    const to = page.to ?? part.to;
    if (to === range.to || to === null) return { to: range.to, missing, gone };
    after = to;
  }
}

/**
 * Compares the first keys of a range, as far as the keys of both sides are known. `to` is null if that is the end of the range. The source is sent what
 * the target holds, and answers with the differences: the keys of both sides are neither sent twice nor read here.
 */
async function listPage(
  legacy: Pool,
  target: Queryable,
  comparison: Comparison,
  held: Held,
  range: Range,
  bounds: SourceBounds,
): Promise<ComparedPage> {
  const { entity } = comparison;
  const here = await listKeys(target, entity.target, range);
  const sql = differences(firstKeys(entity.source.table, held.column, LISTED));
  const found = await askSource(
    legacy,
    (tx) => tx.query<Differences>(sql, [range.after, range.to, here.keys, here.last]),
    bounds,
  );
  const [{ to, absent, surplus } = { to: null, absent: [], surplus: [] }] = found.rows;
  return {
    to,
    missing: held.kept ? await withoutExcepted(target, comparison, absent) : [],
    gone: await withoutDisplaced(legacy, entity, surplus.map(Number), bounds),
  };
}

async function withoutExcepted(
  db: Queryable,
  { entity, runId, upTo }: Comparison,
  keys: readonly Key[],
): Promise<Key[]> {
  if (keys.length === 0 || upTo === undefined) return [];
  const found = await db.query<{ key: Key }>(
    `select k as key from unnest($1::bigint[]) k where k <= $2::bigint and not exists (
       select from migration.exceptions where entity = $3 and legacy_id = k and ${exceptedOf(runId)}) order by 1`,
    [keys, upTo, entity.name],
  );
  return found.rows.map((row) => row.key);
}

/**
 * A row whose key was taken by another row has the key of its source row, with a minus. It is gone when the source row is gone. While
 * the source row is there, it was only rejected.
 */
async function withoutDisplaced(
  legacy: Pool,
  { source: { table, key }, target: { origin } }: Entity,
  keys: readonly number[],
  bounds: SourceBounds,
): Promise<readonly number[]> {
  const displaced = origin === null ? [] : keys.filter((one) => one < 0);
  if (displaced.length === 0) return keys;
  const alive = await askSource(
    legacy,
    (tx) =>
      tx.query<{ key: number }>(
        `select k as key from unnest($1::bigint[]) k where exists (select from ${table} where ${key} = -k)`,
        [displaced],
      ),
    bounds,
  );
  const there = new Set(alive.rows.map((row) => row.key));
  return keys.filter((one) => !there.has(one));
}
