/** Asks the source for the fingerprints of its rows: sums of ranges, and rows one by one. */
import {
  type Entity,
  fingerprintsOfKeysSql,
  fingerprintsSql,
  type SourceShape,
} from "@nexus/catalog";
import { type Bounds, readOnly } from "@nexus/shared/database";
import type { Key, KnownRange } from "@nexus/shared/ledger";
import type { Deps } from "../deps.ts";

export interface AskBounds extends Bounds {
  /** Milliseconds that a lock is waited for. */
  readonly lockMs: number;
}

/** Whom to ask, for what. */
export interface Ask {
  readonly legacy: Deps["legacy"];
  readonly entity: Entity;
  readonly shape: SourceShape;
  readonly bounds: AskBounds;
}

/** Of adjacent ranges, those whose rows the source does not hold as they are known. Two ranges that differ have equal sums once in 2^64 times. */
export async function unlike(ask: Ask, known: readonly KnownRange[]): Promise<KnownRange[]> {
  const [first, last] = [known[0], known.at(-1)];
  if (first === undefined || last === undefined) return [];
  const sums = await query<{ n: number; rows: number; sum: string }>(
    ask,
    `select width_bucket(key, $3::bigint[]) as n, count(*) as rows, sum(hash)::text as sum
     from (${fingerprintsSql(ask.entity, ask.shape)}) f group by 1`,
    [first.after, last.to, known.map(({ after }) => String(BigInt(after) + 1n))],
  );
  const there = new Map(sums.map(({ n, rows, sum }) => [n, { rows, sum }]));
  return known.filter(({ rows, sum }, at) => {
    const now = there.get(at + 1) ?? { rows: 0, sum: "0" };
    return now.rows !== rows || now.sum !== sum;
  });
}

/**
 * The same where nothing was written in the source since the ranges were read: only rows that are there and not known can differ then, as those
 * that the target had refused. They are counted, which an index does.
 */
export async function incomplete(ask: Ask, known: readonly KnownRange[]): Promise<KnownRange[]> {
  const [first, last] = [known[0], known.at(-1)];
  if (first === undefined || last === undefined) return [];
  const { table, key } = ask.entity.source;
  const counts = await query<{ n: number; rows: number }>(
    ask,
    `select width_bucket(${key}::bigint, $3::bigint[]) as n, count(*) as rows from ${table}
     where ${key} > $1::bigint and ${key} <= $2::bigint group by 1`,
    [first.after, last.to, known.map(({ after }) => String(BigInt(after) + 1n))],
  );
  const there = new Map(counts.map(({ n, rows }) => [n, rows]));
  return known.filter(({ rows }, at) => (there.get(at + 1) ?? 0) !== rows);
}

/** The rows of a range as the source holds them now: what each is, by its key. */
export type SourceRows = ReadonlyMap<Key, string>;

/** Of some ranges, in their order. What lies between the first and the last is read at once. */
export async function rowsOf(ask: Ask, ranges: readonly KnownRange[]): Promise<SourceRows[]> {
  const [first, last] = [ranges[0], ranges.at(-1)];
  if (first === undefined || last === undefined) return [];
  const found = await query<{ n: number; keys: Key[]; hashes: Key[] }>(
    ask,
    `select width_bucket(key, $3::bigint[]) as n, array_agg(key) as keys, array_agg(hash) as hashes
     from (${fingerprintsSql(ask.entity, ask.shape)}) f
     group by 1 having width_bucket(min(key), $3::bigint[]) % 2 = 1`,
    [first.after, last.to, ranges.flatMap(({ after, to }) => [after, to].flatMap(behind))],
  );
  const there = new Map(found.map(({ n, keys, hashes }) => [n, { keys, hashes }]));
  return ranges.map((_, at) => {
    const { keys = [], hashes = [] } = there.get(2 * at + 1) ?? {};
    return new Map(keys.map((key, n) => [key, String(hashes[n])]));
  });
}

/** Of single keys, those that the source holds. */
export async function rowsWithKeys(ask: Ask, keys: readonly Key[]): Promise<SourceRows> {
  const sql = fingerprintsOfKeysSql(ask.entity, ask.shape);
  const found = await query<{ key: Key; hash: Key }>(ask, sql, [keys]);
  return new Map(found.map(({ key, hash }) => [key, String(hash)]));
}

/** The least key behind another; the greatest of all has none. */
function behind(key: Key): string[] {
  return BigInt(key) === GREATEST ? [] : [String(BigInt(key) + 1n)];
}

const GREATEST = 2n ** 63n - 1n;

async function query<T extends object>(
  { legacy, bounds: { lockMs, ...bounds } }: Ask,
  sql: string,
  values: readonly unknown[],
): Promise<T[]> {
  return await readOnly(
    legacy,
    async (tx) => {
      await tx.query(`set local lock_timeout = ${lockMs}`);
      return (await tx.query<T>(sql, [...values])).rows;
    },
    bounds,
  );
}
