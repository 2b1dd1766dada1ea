/** What has changed in a range of keys, and how it is read: key by key, or the range as a whole. */
import type { DeltaPlan, Key, KnownRange } from "@nexus/shared/ledger";

/** Rows of a range that are new or other than they were, those that are gone, and how many are as they were. */
export interface Changed {
  readonly range: KnownRange;
  readonly keys: readonly Key[];
  readonly gone: readonly Key[];
  readonly unchanged: number;
}

type Rows = ReadonlyMap<Key, string>;

/** Compares what was with what is, row by row. */
export function changedIn(range: KnownRange, before: Rows, now: Rows): Changed {
  const keys = [...now].filter(([key, hash]) => before.get(key) !== hash).map(([key]) => key);
  const gone = [...before.keys()].filter((key) => !now.has(key));
  return { range, keys, gone, unchanged: now.size - keys.length };
}

/** Lists of keys hold integers only. */
const MOST = 2 ** 31 - 1;

/** Whether a list can hold a key. */
export function isListed(key: Key): boolean {
  return typeof key === "number" && Math.abs(key) <= MOST;
}

/** Batches of at most `batchRows` keys; ranges where more than half of a range has changed, or a key is none that a list can hold. */
export function planOf(
  changed: readonly Changed[],
  batchRows: number,
): Pick<DeltaPlan, "ranges" | "keys"> {
  const whole = changed.filter(isReadWhole);
  const single = changed.filter((one) => !isReadWhole(one));
  return {
    ranges: whole.map(({ range: { after, to }, keys: there, unchanged }) => ({
      after,
      to,
      expected: there.length + unchanged,
    })),
    keys: listsOf(single, batchRows),
  };
}

/** Lists of at most `batchRows` keys, in their order. Gone ones are among them, and not expected. */
export function listsOf(
  changed: readonly Pick<Changed, "keys" | "gone">[],
  batchRows: number,
): DeltaPlan["keys"] {
  const keys = changed.flatMap(({ keys: there, gone }) => [
    ...there.map((key) => ({ key: Number(key), there: true })),
    ...gone.map((key) => ({ key: Number(key), there: false })),
  ]);
  const sorted = keys.toSorted((one, other) => one.key - other.key);
  return pagesOf(sorted, batchRows).map((page) => ({
    keys: page.map(({ key }) => key),
    expected: page.filter(({ there }) => there).length,
  }));
}

/** Whether the range is read as a whole. */
export function isReadWhole({ keys, gone, unchanged }: Changed): boolean {
  const all = [...keys, ...gone];
  return all.length > unchanged || !all.every(isListed);
}

/** Parts of so many, the last one of fewer. */
export function pagesOf<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, page) =>
    all.slice(page * size, (page + 1) * size),
  );
}
