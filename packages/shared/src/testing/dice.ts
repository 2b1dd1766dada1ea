/** Dice from a seed: whoever names the seed can throw them again. */
export interface Dice {
  /** 1 to `most`. */
  upTo(most: number): number;
  oneOf<T>(some: readonly [T, ...T[]]): T;
}

/** mulberry32: 32 bits of state are enough to choose victims. */
export function dice(seed: number): Dice {
  let state = seed;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const upTo = (most: number): number => 1 + Math.floor(next() * Math.max(1, most));
  return { upTo, oneOf: (some) => some[upTo(some.length) - 1] ?? some[0] };
}
