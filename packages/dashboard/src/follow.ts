/** Follows the progress as it is streamed. Not `EventSource`: that cannot send a bearer. */
import type { RunView } from "@nexus/contract";
import { credentials, Refusal } from "./api.ts";

/** Milliseconds before it comes back to an API that was lost. */
const RETRY_MS = 2_000;

export interface Follower {
  /** What the API says of the progress. */
  seen(view: RunView): void;
  /** The API is away, or refuses. It is asked again, unless it knows nobody of this name. */
  lost(why: Refusal): void;
}

/** Until the signal: then it ends quietly. */
export async function followProgress(follower: Follower, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const why = await listen(follower, signal).then(
      () => new Refusal(0, "the connection ended"),
      asRefusal,
    );
    if (signal.aborted) return;
    follower.lost(why);
    if (why.status === 401) return;
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

function asRefusal(error: unknown): Refusal {
  return error instanceof Refusal ? error : new Refusal(0, "the API cannot be reached");
}

async function listen(follower: Follower, signal: AbortSignal): Promise<void> {
  const response = await fetch("/v1/progress/stream", { headers: credentials(), signal });
  if (!response.ok || response.body === null)
    throw new Refusal(
      response.status,
      (await response.json().catch(() => undefined))?.detail ?? "refused",
    );
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const blocks = (text + value).split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) hear(block, follower);
  }
}

function hear(block: string, follower: Follower): void {
  const fields = new Map(
    block.split("\n").map((line) => [line.split(": ")[0], line.slice(line.indexOf(": ") + 2)]),
  );
  const data = fields.get("data");
  if (data === undefined) return;
  if (fields.get("event") === "progress") follower.seen(JSON.parse(data));
  else follower.lost(new Refusal(503, JSON.parse(data).detail));
}
