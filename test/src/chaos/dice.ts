/** Dice from a seed, so that a failed run can be repeated: CHAOS_SEED. */
export interface Dice {
  /** 1 to `most`. */
  upTo(most: number): number;
  oneOf<T>(some: readonly [T, ...T[]]): T;
}

/** The seed of this test run, named by every test that throws dice. */
export const seed = Number(process.env["CHAOS_SEED"] ?? 1);

/** How much longer than the short form the chaos lasts. 1 in `npm test`, more in `pnpm chaos`. */
export const rounds = Number(process.env["CHAOS_ROUNDS"] ?? 1);

/** mulberry32: 32 bits of state are enough to choose victims. */
export function dice(from: number): Dice {
  let state = from;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const upTo = (most: number): number => 1 + Math.floor(next() * Math.max(1, most));
  return { upTo, oneOf: (some) => some[upTo(some.length) - 1] ?? some[0] };
}
