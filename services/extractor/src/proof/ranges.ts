/** Cuts the keys of a source table into ranges, or chooses some of them by chance. Reads only. */
import type { Entity } from "@nexus/catalog";
import type { Queryable } from "@nexus/shared/database";

/** Source rows of one range: what is staged at once. */
const RANGE_ROWS = 20_000;

/** Asks the source something; each question is a transaction of its own. */
export type Ask = <T>(question: (tx: Queryable) => Promise<T>) => Promise<T>;

/** Source keys from `from` to `to`, both of them too. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** The source keys that are asked about. */
export type Keys = Range | readonly number[];

const ALL: Range = { from: Number.MIN_SAFE_INTEGER, to: Number.MAX_SAFE_INTEGER };

export interface Cut extends Range {
  readonly isLast: boolean;
}

/** Ranges without a gap: what is between two rows of the source belongs to one of them, and so does what is before and behind all. */
export async function* rangesOf(
  ask: Ask,
  entity: Entity,
  within: Range | null,
  rows = RANGE_ROWS,
): AsyncGenerator<Cut> {
  const { from, to } = within ?? ALL;
  for (let first = from; first <= to;) {
    const keys = await keysFrom(ask, entity, { from: first, to }, rows);
    const last = keys.length < rows ? to : (keys.at(-1) ?? to);
    yield { from: first, to: last, isLast: last === to };
    first = last + 1;
  }
}

/** Keys of the source, a page at a time, each with the same chance. The same seed chooses the same. */
export async function* sampleOf(
  ask: Ask,
  entity: Entity,
  within: Range | null,
  percent: number,
  seed: number,
): AsyncGenerator<readonly number[]> {
  const { from, to } = within ?? ALL;
  let chosen: number[] = [];
  for (let first = from; first <= to;) {
    const keys = await keysFrom(ask, entity, { from: first, to }, RANGE_ROWS);
    chosen.push(...keys.filter((key) => chance(key, seed) * 100 < percent));
    const last = keys.at(-1);
    const isEnd = keys.length < RANGE_ROWS || last === undefined;
    if (chosen.length > 0 && (isEnd || chosen.length >= RANGE_ROWS)) {
      yield chosen;
      chosen = [];
    }
    if (isEnd) return;
    first = last + 1;
  }
}

/** Even keys and keys of one decade are no sample: each is scattered first. From 0 to 1. */
function chance(key: number, seed: number): number {
  let mixed = Math.imul(key ^ Math.imul(seed, 0x9e3779b9), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
}

async function keysFrom(
  ask: Ask,
  { source: { table, key } }: Entity,
  { from, to }: Range,
  rows: number,
): Promise<readonly number[]> {
  const found = await ask((tx) =>
    tx.query<{ key: number }>(
      `select ${key}::bigint as key from ${table} where ${key} between $1::bigint and $2::bigint order by ${key} limit ${rows}`,
      [from, to],
    ),
  );
  return found.rows.map((row) => row.key);
}
