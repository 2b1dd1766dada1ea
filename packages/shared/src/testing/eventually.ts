import { setTimeout as pause } from "node:timers/promises";
import { inspect } from "node:util";

/** How long `eventually` waits, and for what. Times in milliseconds. */
export interface Patience<T> {
  /** When the value is the wanted one. Without it: anything but `false`. */
  readonly until?: (value: T) => boolean;
  /** Deadline, 10,000 ms if left out. */
  readonly within?: number;
  /** Pause between two looks, 25 ms if left out. */
  readonly every?: number;
}

/**
 * Looks again and again until the value is the wanted one, and returns it. This is how tests wait: there are no sleeps.
 * A look that throws counts as "not yet", so `await eventually(() => expect(x).toBe(1))` works.
 *
 * @throws an Error with the last value (its `cause` is what the last look threw) once the deadline is over, even where a look hangs.
 */
export async function eventually<T>(look: () => T | Promise<T>, patience: Patience<T> = {}): Promise<T> {
  const { until = (value) => value !== false, within = 10_000, every = 25 } = patience;
  const deadline = performance.now() + within;
  let last: Sight<T> = { kind: "nothing" };
  while (performance.now() < deadline) {
    const seen = await firstOf(sight(look), deadline);
    if (seen.kind === "value" && until(seen.value)) return seen.value;
    if (seen.kind !== "nothing") last = seen;
    await pause(every);
  }
  throw notInTime(last, within);
}

type Sight<T> = { kind: "value"; value: T } | { kind: "error"; error: unknown } | { kind: "nothing" };

async function sight<T>(look: () => T | Promise<T>): Promise<Sight<T>> {
  try {
    return { kind: "value", value: await look() };
  } catch (error) {
    return { kind: "error", error };
  }
}

/** The sight, or nothing if it is not there by the deadline. */
async function firstOf<T>(sight: Promise<Sight<T>>, deadline: number): Promise<Sight<T>> {
  const over = new AbortController();
  const late = pause(Math.max(0, deadline - performance.now()), undefined, { signal: over.signal });
  try {
    return await Promise.race([sight, late.then((): Sight<T> => ({ kind: "nothing" }))]);
  } finally {
    late.catch(() => undefined);
    over.abort();
  }
}

function notInTime<T>(last: Sight<T>, within: number): Error {
  const start = `did not hold within ${within} ms;`;
  if (last.kind === "nothing") return new Error(`${start} no look came back`);
  if (last.kind === "value") return new Error(`${start} last value: ${inspect(last.value, { depth: 4 })}`);
  const { error } = last;
  return new Error(`${start} last error: ${error instanceof Error ? error.message : inspect(error)}`, {
    cause: error,
  });
}
