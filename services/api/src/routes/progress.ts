import { setMaxListeners } from "node:events";
import type { ServerResponse } from "node:http";
import { finished, Readable } from "node:stream";
import { contract } from "@nexus/contract";
import type { Deps } from "../deps.ts";
import { dropStuck, eventsFor } from "../progress/event-stream.ts";
import { Problem } from "../answers/problem.ts";
import { viewOf } from "../progress/progress.ts";
import { openProgressFeed } from "../progress/progress-feed.ts";
import { findNewestRun } from "../queries/find-run.ts";
import type { App } from "../server.ts";

/** Readers of the stream that one process serves, and those of one token (or address) among them. */
const MOST_STREAMS = 200;
const MOST_OF_ONE = 40;

/** `/v1/progress`: the active run, or the newest, once or as a stream. `run` is null before the first. */
export function progressRoute(app: App, { target, entities, freshMs }: Deps): void {
  const feed = openProgressFeed(
    async () => viewOf(target, entities, await findNewestRun(target)),
    freshMs,
  );
  const closing = new AbortController();
  setMaxListeners(MOST_STREAMS, closing.signal);
  app.addHook("preClose", async () => closing.abort());
  const streams = new Map<ServerResponse, string>();

  app.get("/v1/progress", { schema: contract["GET /v1/progress"] }, async (_request, reply) => {
    const { view, json } = await feed.current();
    reply.serializer(() => json);
    return view;
  });

  app.get(
    "/v1/progress/stream",
    // Without its body it would never end: nobody reads it.
    { schema: contract["GET /v1/progress/stream"], exposeHeadRoute: false },
    async ({ headers, caller, ip }, reply) => {
      const reader = caller?.name ?? ip;
      requireRoom([...streams.values()], reader);
      streams.set(reply.raw, reader);
      const gone = new AbortController();
      finished(reply.raw, () => {
        streams.delete(reply.raw);
        gone.abort();
      });
      dropStuck(reply.raw);
      const signal = AbortSignal.any([closing.signal, gone.signal]);
      const events = eventsFor(feed, { seen: headers["last-event-id"], signal });
      return await reply
        .type("text/event-stream")
        .header("x-accel-buffering", "no")
        .header("connection", "close") // Else closing would wait for a kept connection that has nothing more to say.
        .send(Readable.from(events, { objectMode: false }));
    },
  );
}

function requireRoom(readers: readonly string[], reader: string): void {
  if (readers.filter((one) => one === reader).length >= MOST_OF_ONE)
    throw new Problem(
      503,
      "too_many_streams",
      `you follow ${MOST_OF_ONE} streams already: close some, or GET /v1/progress`,
    );
  if (readers.length >= MOST_STREAMS)
    throw new Problem(
      503,
      "too_many_streams",
      "too many readers: ask another process, or GET /v1/progress",
    );
}
