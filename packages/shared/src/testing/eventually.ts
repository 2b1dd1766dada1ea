import { setTimeout as pause } from "node:timers/promises";
import { inspect } from "node:util";
import { patientClock } from "./patient-clock.ts";

/** How long `eventually` waits, and for what. Times in milliseconds. */
export interface Patience<T> {
  /** When the value is the wanted one. Without it: anything but `false`. */
  readonly until?: (value: T) => boolean;
  /** How long nothing that is looked at may change, by a clock that is slow where the machine is (patient-clock.ts); 10,000 ms if left out. */
  readonly within?: number;
  /** Pause between two looks, 25 ms if left out. */
  readonly every?: number;
}

/** What goes on changing and never becomes the wanted value is given up too. */
const AT_MOST_MS = 600_000;

/**
 * Looks again and again until the value is the wanted one, and returns it. This is how tests wait: there are no sleeps.
 * A look that throws counts as "not yet", so `await eventually(() => expect(x).toBe(1))` works.
 * The limit measures standing still, not slowness: it begins anew whenever another value (or another error) is seen.
 *
 * @throws an Error with the last value (its `cause` is what the last look threw) once the limit is over, even where a look hangs.
 */
export async function eventually<T>(
  look: () => T | Promise<T>,
  patience: Patience<T> = {},
  clock = patientClock(),
): Promise<T> {
  const { until = (value) => value !== false, within = 10_000, every = 25 } = patience;
  const limit = limitOf(within, clock);
  let last: Sight<T> = { kind: "nothing" };
  while (!limit.over()) {
    const seen = await firstOf(sight(look), limit);
    if (seen.kind === "value" && until(seen.value)) return seen.value;
    if (seen.kind === "nothing") break;
    limit.saw(shown(seen));
    last = seen;
    await pause(every);
  }
  throw notInTime(last, within);
}

interface Limit {
  readonly within: number;
  over(): boolean;
  /** Begins anew where this is not what was seen last. */
  saw(sight: string): void;
}

function limitOf(within: number, clock: () => number): Limit {
  const end = performance.now() + AT_MOST_MS;
  let begun = clock();
  let last: string | undefined;
  return {
    within,
    over: () => clock() - begun >= within || performance.now() >= end,
    saw: (sight) => {
      if (sight !== last) begun = clock();
      last = sight;
    },
  };
}

type Sight<T> =
  | { kind: "value"; value: T }
  | { kind: "error"; error: unknown }
  | { kind: "nothing" };

async function sight<T>(look: () => T | Promise<T>): Promise<Sight<T>> {
  try {
    return { kind: "value", value: await look() };
  } catch (error) {
    return { kind: "error", error };
  }
}

/** The sight, or nothing if it is not there when the limit is over. */
async function firstOf<T>(sight: Promise<Sight<T>>, { within, over }: Limit): Promise<Sight<T>> {
  const seen = new AbortController();
  const { signal } = seen;
  const late = async (): Promise<Sight<T>> => {
    while (!over()) await pause(Math.min(within, 500), undefined, { signal });
    return { kind: "nothing" };
  };
  const tooLate = late();
  tooLate.catch(() => undefined); // Aborted: the sight came first.
  try {
    return await Promise.race([sight, tooLate]);
  } finally {
    seen.abort();
  }
}

function notInTime<T>(last: Sight<T>, within: number): Error {
  const options = last.kind === "error" ? { cause: last.error } : {};
  return new Error(`did not hold within ${within} ms; ${shown(last)}`, options);
}

function shown<T>(sight: Sight<T>): string {
  if (sight.kind === "nothing") return "no look came back";
  if (sight.kind === "value") return `last value: ${inspect(sight.value, { depth: 4 })}`;
  const { error } = sight;
  return `last error: ${error instanceof Error ? error.message : inspect(error)}`;
}
