/** A background duty of a fixed shape: run once, wait, run again; errors are reported and never end it. */
export interface Ticker {
  /** Stops after the round that is under way, if any. */
  stop(): Promise<void>;
}

export interface Tick {
  /** One round. Returns the milliseconds to wait before the next one. */
  runOnce(signal: AbortSignal): Promise<number>;
  onError(error: unknown): void;
  /** Milliseconds to wait after a round that failed. */
  retryMs: number;
}

/** Starts the duty at once. */
export function startTicker({ runOnce, onError, retryMs }: Tick): Ticker {
  const stopping = new AbortController();
  const done = loop();
  return {
    stop: () => {
      stopping.abort();
      return done;
    },
  };

  async function loop(): Promise<void> {
    while (!stopping.signal.aborted) {
      await pause(await round(), stopping.signal);
    }
  }

  async function round(): Promise<number> {
    try {
      return await runOnce(stopping.signal);
    } catch (error) {
      onError(error);
      return retryMs;
    }
  }
}

/** Waits, or returns early when `signal` aborts. Milliseconds. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted || ms <= 0) return Promise.resolve();
  return new Promise((resolve) => {
    const finish = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", finish);
      resolve();
    };
    const timer = setTimeout(finish, ms);
    signal.addEventListener("abort", finish);
  });
}
