/** Closers stack up as things open, and run last-in-first-out: all of them, once, whatever one of them throws. */
export interface Closers {
  /** Registers how to close what has just been opened. `name` is for the error message. */
  push(name: string, close: () => Promise<unknown>): void;
  /** Closes everything in reverse order. Throws one AggregateError if any closer failed. Later calls return the first result. */
  closeAll(): Promise<void>;
}

/** An empty stack of closers. */
export function closers(): Closers {
  const stack: { name: string; close: () => Promise<unknown> }[] = [];
  let closing: Promise<void> | undefined;
  return {
    push: (name, close) => void stack.push({ name, close }),
    closeAll: () => (closing ??= closeInReverse(stack)),
  };
}

async function closeInReverse(
  stack: { name: string; close: () => Promise<unknown> }[],
): Promise<void> {
  const failures: Error[] = [];
  for (let entry = stack.pop(); entry !== undefined; entry = stack.pop()) {
    try {
      await entry.close();
    } catch (cause) {
      failures.push(new Error(`closing ${entry.name} failed`, { cause }));
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, "not everything could be closed");
}
