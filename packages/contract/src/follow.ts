/** Follows the progress as it is streamed, and comes back when the connection is lost. */
import { setTimeout as pause } from "node:timers/promises";
import { ApiProblem } from "./api-problem.ts";
import type { ClientOptions } from "./client.ts";
import { type RunView, runView } from "./run-view.ts";

/** Milliseconds before it comes back. */
const RETRY_MS = 1_000;

/** Yields each answer that differs from the one before. Ends with the signal; throws `ApiProblem` when the API refuses. */
export async function* followProgress(
  { url, token }: ClientOptions,
  signal: AbortSignal,
): AsyncGenerator<RunView> {
  let seen: string | undefined;
  while (!signal.aborted) {
    try {
      for await (const event of eventsOf({ url, token }, seen, signal)) {
        seen = event.id ?? seen;
        if (event.name === "progress") yield runView.parse(JSON.parse(event.data));
      }
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ApiProblem && error.status < 500) throw error;
    }
    await pause(RETRY_MS, undefined, { signal }).catch(() => undefined);
  }
}

interface ServerEvent {
  readonly id: string | undefined;
  readonly name: string;
  readonly data: string;
}

async function* eventsOf(
  { url, token }: ClientOptions,
  seen: string | undefined,
  signal: AbortSignal,
): AsyncGenerator<ServerEvent> {
  const headers = {
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(seen === undefined ? {} : { "last-event-id": seen }),
  };
  const response = await fetch(new URL("/v1/progress/stream", url), { headers, signal });
  if (!response.ok || response.body === null)
    throw new ApiProblem(
      response.status,
      "refused",
      `the progress is not streamed (status ${response.status})`,
    );
  let text = "";
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    const blocks = (text + chunk).split("\n\n");
    text = blocks.pop() ?? "";
    yield* blocks.flatMap(parse);
  }
}

/** A block without data is a comment, or only says when to come back. */
function parse(block: string): ServerEvent[] {
  const fields = new Map(
    block.split("\n").map((line) => [line.split(": ")[0], line.slice(line.indexOf(": ") + 2)]),
  );
  const data = fields.get("data");
  return data === undefined
    ? []
    : [{ id: fields.get("id"), name: fields.get("event") ?? "message", data }];
}
