/** Lets a few things be done at the same time, and the others wait in line. */
export interface Semaphore {
  run<T>(work: () => Promise<T>): Promise<T>;
}

/** `count` semaphore. */
export function openSemaphore(count: number): Semaphore {
  let free = count;
  const line: (() => void)[] = [];
  return {
    run: async (work) => {
      if (free > 0) free -= 1;
      else await new Promise<void>((resolve) => line.push(resolve));
      try {
        return await work();
      } finally {
        const next = line.shift();
        if (next === undefined) free += 1;
        else next();
      }
    },
  };
}
