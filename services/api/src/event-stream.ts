/** Progress as server-sent events: each is a whole answer, so that nothing is missed by who comes back later. */
import { pause } from "@nexus/shared/runtime";
import { asProblem } from "./plugins/errors.ts";
import type { ProgressFeed, Snapshot } from "./progress-feed.ts";

/** Milliseconds between two looks, and after which a silent stream says that it is alive. */
const LOOK_MS = 250;
const SILENCE_MS = 15_000;

export interface Reader {
  /** The id of the newest event that it has seen. */
  readonly seen: string | undefined;
  /** Ends the stream. */
  readonly signal: AbortSignal;
}

/** The events for one reader: first the newest answer unless it was seen, then each that differs. A reader that is slow gets fewer. */
export async function* eventsFor(feed: ProgressFeed, { seen, signal }: Reader): AsyncGenerator<string> {
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
  return { id: code, text: `event: problem\ndata: ${JSON.stringify({ code, detail: message })}\n\n` };
}
