/** Who may use the one backend session: first come, first served. */
export interface Turns {
  /** Resolves when it is the caller's turn, which lasts until `pass`. */
  take(): Promise<void>;
  /** Ends the turn; the longest waiting is next. */
  pass(): void;
}

export function createTurns(): Turns {
  const waiting: (() => void)[] = [];
  let taken = false;
  return {
    take() {
      if (taken) return new Promise((resolve) => waiting.push(resolve));
      taken = true;
      return Promise.resolve();
    },
    pass() {
      const next = waiting.shift();
      if (next === undefined) taken = false;
      else next();
    },
  };
}
