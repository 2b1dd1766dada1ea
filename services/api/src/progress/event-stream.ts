/** Progress as server-sent events: each is a whole answer, so that nothing is missed by who comes back later. */
import type { ServerResponse } from "node:http";
import { finished } from "node:stream";
import { pause } from "@nexus/shared/runtime";
import { asProblem } from "../plugins/errors.ts";
import type { ProgressFeed, Snapshot } from "./progress-feed.ts";

/** Milliseconds between two looks, and after which a silent stream says that it is alive. */
const LOOK_MS = 250;
const SILENCE_MS = 15_000;

/** Milliseconds for which a reader may take nothing of what waits for it, and how often that is looked at. */
const STUCK_MS = 30_000;
const STUCK_LOOK_MS = 5_000;

export interface Reader {
  /** The id of the newest event that it has seen. */
  readonly seen: string | undefined;
  /** Ends the stream. */
  readonly signal: AbortSignal;
}

/** The events for one reader: first the newest answer unless it was seen, then each that differs. A reader that is slow gets fewer. */
export async function* eventsFor(
  feed: ProgressFeed,
  { seen, signal }: Reader,
): AsyncGenerator<string> {
  yield "retry: 2000\n\n";
  let [last, saidAt] = [seen, performance.now()];
  while (!signal.aborted) {
    const { id, text } = await feed.current().then(asEvent, asFailure);
    if (id !== last || performance.now() - saidAt >= SILENCE_MS) {
      yield id === last ? ": alive\n\n" : text;
      [last, saidAt] = [id, performance.now()];
    }
    await pause(LOOK_MS, signal);
  }
}

/** Ends the connection of a reader that does not read: what it is sent would wait in memory for ever. */
export function dropStuck(
  response: ServerResponse,
  stuckMs = STUCK_MS,
  lookMs = STUCK_LOOK_MS,
): void {
  let takenAt = performance.now();
  const timer = setInterval(() => {
    if (!response.writableNeedDrain) takenAt = performance.now();
    else if (performance.now() - takenAt > stuckMs) response.destroy();
  }, lookMs);
  timer.unref();
  finished(response, () => clearInterval(timer));
}

interface StreamEvent {
  readonly id: string;
  readonly text: string;
}

function asEvent({ id, json }: Snapshot): StreamEvent {
  return { id, text: `id: ${id}\nevent: progress\ndata: ${json}\n\n` };
}

/** Without an id: who comes back has still seen what was sent before. */
function asFailure(error: unknown): StreamEvent {
  const { code, message } = asProblem(error);
  return {
    id: code,
    text: `event: problem\ndata: ${JSON.stringify({ code, detail: message })}\n\n`,
  };
}
