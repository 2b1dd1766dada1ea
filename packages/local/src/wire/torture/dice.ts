/** Chance that can be repeated: the same seed throws the same numbers. */
export interface Dice {
  /** A whole number from 0 to below `limit`. */
  below(limit: number): number;
  letter(): string;
}

/** Mulberry32: 32 bits of state, good enough for tests. */
export function createDice(seed: number): Dice {
  let state = seed >>> 0;
  function below(limit: number): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  }
  return { below, letter: () => String.fromCharCode(97 + below(26)) };
}
