/** Compares the keys of the source with those of the target and of the exceptions: a walk through two indexes, page by page. */
import type { Entity } from "@nexus/catalog";
import type { Pool, Queryable } from "../database/pool.ts";
import { readSourceShape } from "../database/source-catalog.ts";
import { type Bounds, readOnly } from "../database/transaction.ts";

/** Digits as text beyond 2^53. */
type Key = number | string;

/** What is compared: up to a key, and with the exceptions of one run, or with all that are open. */
interface Comparison {
  readonly entity: Entity;
  readonly runId: number | null;
  readonly upTo: Key;
}

/** Keys that are held at once, of each side. */
const PAGE = 50_000;
const MOST_MISSING = 10_000;

/**
 * Keys of the source that are neither in the target nor among the exceptions, at most 10,000. The source is live: what it got since it
 * was read is missing. Undefined where the target keeps another key than the source's.
 */
export async function compareKeys(
  legacy: Pool,
  target: Queryable,
  { entity, runId, upTo }: Comparison,
  bounds: Bounds,
): Promise<Key[] | undefined> {
  const { keepsKey } = entity.source;
  if (keepsKey !== undefined && !keepsKey(await readSourceShape(legacy))) return undefined;
  const missing: Key[] = [];
  let after: Key = "-9223372036854775808";
  for (;;) {
    const page: Key[] = await sourceKeys(legacy, entity, after, upTo, bounds);
    const to: Key = page.length < PAGE ? upTo : (page.at(-1) ?? upTo);
    const here = await targetKeys(target, entity, after, to);
    const excepted = await exceptedKeys(target, entity, runId, after, to);
    const there = new Set(page);
    const held = new Set([...here, ...excepted]);
    for (const key of there) if (!held.has(key) && missing.length < MOST_MISSING) missing.push(key);
    if (page.length < PAGE) return missing;
    after = to;
  }
}

async function sourceKeys(
  legacy: Pool,
  { source: { table, key } }: Entity,
  after: Key,
  upTo: Key,
  bounds: Bounds,
): Promise<Key[]> {
  const found = await readOnly(
    legacy,
    (tx) =>
      tx.query<{ key: Key }>(
        `select ${key}::bigint as key from ${table} where ${key} > $1::bigint and ${key} <= $2::bigint order by ${key} limit ${PAGE}`,
        [after, upTo],
      ),
    bounds,
  );
  return found.rows.map((row) => row.key);
}

async function targetKeys(
  db: Queryable,
  { target: { table, key } }: Entity,
  after: Key,
  to: Key,
): Promise<Key[]> {
  const found = await db.query<{ keys: Key[] }>(
    `select coalesce(array_agg(${key}), '{}') as keys from public.${table} where ${key} > $1::bigint and ${key} <= $2::bigint`,
    [after, to],
  );
  return found.rows[0]?.keys ?? [];
}

async function exceptedKeys(
  db: Queryable,
  { name }: Entity,
  runId: number | null,
  after: Key,
  to: Key,
): Promise<Key[]> {
  const found = await db.query<{ key: Key }>(
    `select legacy_id as key from migration.exceptions
     where entity = $1 and legacy_id > $2::bigint and legacy_id <= $3::bigint
       and case when $4::integer is null then resolved_at is null else run_id = $4 end`,
    [name, after, to, runId],
  );
  return found.rows.map((row) => row.key);
}

/**
 * Of the keys that are missing, how many were there when their batch was read: more than the source has got in its range since.
 */
export async function lostRows(
  legacy: Pool,
  target: Queryable,
  { entity, runId }: Comparison,
  missing: readonly Key[],
  bounds: Bounds,
): Promise<number> {
  if (missing.length === 0) return 0;
  const { table, key } = entity.source;
  const found = await target.query<{ after: Key; to: Key; read: number; missing: number }>(
    `select b.after_key as after, b.to_key as "to", b.read, count(*) as missing
     from unnest($3::bigint[]) as m (key) join migration.batches b
       on b.run_id = $1 and b.entity = $2 and b.status = 'done' and b.after_key < m.key and b.to_key >= m.key
     group by b.id`,
    [runId, entity.name, missing],
  );
  let lost = 0;
  for (const batch of found.rows) {
    const now = await readOnly(
      legacy,
      (tx) =>
        tx.query<{ count: number }>(
          `select count(*) from ${table} where ${key} > $1::bigint and ${key} <= $2::bigint`,
          [batch.after, batch.to],
        ),
      bounds,
    );
    lost += Math.max(0, batch.missing - Math.max(0, (now.rows[0]?.count ?? 0) - batch.read));
  }
  return lost;
}
