import { setMaxListeners } from "node:events";
import { Readable } from "node:stream";
import { contract } from "@nexus/contract";
import type { Deps } from "../deps.ts";
import { eventsFor } from "../event-stream.ts";
import { Problem } from "../problem.ts";
import { viewOf } from "../progress.ts";
import { openProgressFeed } from "../progress-feed.ts";
import { findNewestRun } from "../queries/find-run.ts";
import type { App } from "../server.ts";

/** Readers of the stream that one process serves. */
const MOST_STREAMS = 200;

/** `/v1/progress`: the active run, or the newest, once or as a stream. `run` is null before the first. */
export function progressRoute(app: App, { target, entities, freshMs }: Deps): void {
  const feed = openProgressFeed(async () => viewOf(target, entities, await findNewestRun(target)), freshMs);
  const closing = new AbortController();
  setMaxListeners(MOST_STREAMS, closing.signal);
  app.addHook("preClose", async () => closing.abort());
  let streams = 0;

  app.get("/v1/progress", { schema: contract["GET /v1/progress"] }, async (_request, reply) => {
    const { view, json } = await feed.current();
    reply.serializer(() => json);
    return view;
  });

  app.get(
    "/v1/progress/stream",
    { schema: contract["GET /v1/progress/stream"] },
    async ({ headers }, reply) => {
      if (streams >= MOST_STREAMS)
        throw new Problem(
          503,
          "too_many_streams",
          "too many readers: ask another process, or GET /v1/progress",
        );
      streams++;
      reply.raw.once("close", () => streams--);
      const events = eventsFor(feed, { seen: headers["last-event-id"], signal: closing.signal });
      return await reply
        .type("text/event-stream")
        .header("x-accel-buffering", "no")
        .header("connection", "close") // Else closing would wait for a kept connection that has nothing more to say.
        .send(Readable.from(events, { objectMode: false }));
    },
  );
}
