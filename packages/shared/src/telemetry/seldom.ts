/** Trouble that repeats itself thousands of times is one line now and then, with how often it happened. */
import { describeError } from "./describe-error.ts";

/** Milliseconds between two lines about one thing. */
const EVERY_MS = 30_000;

/** What happened since the last line, by code (or name) of the error. */
type Counts = Readonly<Record<string, number>>;

/** Says the first error at once; what comes within half a minute is counted, and told with the next one after that. */
export function seldom(
  say: (error: unknown, since: { readonly repeated?: Counts }) => void,
  { everyMs = EVERY_MS, now = () => performance.now() } = {},
): (error: unknown) => void {
  let saidAt = -Infinity;
  let counts = new Map<string, number>();
  return (error) => {
    if (now() - saidAt < everyMs) {
      const { code, name } = describeError(error);
      counts.set(code ?? name, (counts.get(code ?? name) ?? 0) + 1);
      return;
    }
    saidAt = now();
    const repeated = counts;
    counts = new Map();
    say(error, repeated.size === 0 ? {} : { repeated: Object.fromEntries(repeated) });
  };
}
