import { setMaxListeners } from "node:events";
import { EmbeddingFailure } from "./errors.ts";

/**
 * Runs `call` for `ms` milliseconds at most, as far as this process could have heard of its end meanwhile. Its signal fires at the deadline or with `signal`, and the result is not waited for
 * after that, whatever `call` does.
 *
 * @throws EmbeddingFailure `ETIMEDOUT` (retry) at the deadline; `signal.reason` when `signal` fires
 */
export async function withDeadline<T>(
  signal: AbortSignal,
  ms: number,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  // Not AbortSignal.any: on Node 20 each use stays attached to a signal that lives as long as the process.
  const either = new AbortController();
  const forward = () => either.abort(signal.reason);
  const timer = afterLived(ms, () => either.abort(new EmbeddingFailure("retry", "ETIMEDOUT")));
  setMaxListeners(0, signal); // All calls of a process share one, and more than ten at a time are no leak.
  signal.addEventListener("abort", forward, { once: true });
  try {
    return await Promise.race([aborted(either.signal), call(either.signal)]);
  } finally {
    clearInterval(timer);
    signal.removeEventListener("abort", forward);
  }
}

/** Turns of a timer: a process that stands still for a minute has lived through one of them, and looks for answers before the next. */
const TURNS = 10;

function afterLived(ms: number, then: () => void): NodeJS.Timeout {
  let turns = 0;
  return setInterval(() => {
    turns += 1;
    if (turns === TURNS) then();
  }, ms / TURNS);
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
