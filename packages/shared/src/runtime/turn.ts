/** Lets one at a time do what a process can do once, and not twice. */
export type Turn = <T>(work: () => Promise<T>) => Promise<T>;

/** Runs each work after the one before it has ended, well or not. */
export function openTurn(): Turn {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return mine;
  };
}
