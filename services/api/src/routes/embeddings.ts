import { entities } from "@nexus/catalog";
import { backfill, embeddingProgress } from "@nexus/shared/ledger";
import { z } from "zod";
import type { Deps } from "../deps.ts";
import { contents, forecast, forecastOf, inDollars } from "../forecast.ts";
import { Problem } from "../problem.ts";
import { body, by, reason } from "../request.ts";
import type { App } from "../server.ts";

const progress = z.object({
  status: z.enum(["unavailable", "paused", "embedding", "indexing", "idle"]),
  pausedBecause: z.string().nullable(),
  items: z.object({ open: z.int(), done: z.int(), empty: z.int(), failed: z.int() }),
  vectors: z.int(),
  forecast,
  usage: z.object({
    calls: z.int(),
    throttled: z.int(),
    tokens: z.int(),
    microdollars: z.int(),
    costUsd: z.number(),
  }),
  index: z.object({
    state: z.enum(["absent", "building", "invalid", "ready"]),
    percent: z.number().nullable(),
  }),
});
const backfillBody = body({
  scope: z.enum(["missing", "failed", "all"]).optional(),
  reason: reason.optional(),
});
const backfilled = z.object({ events: z.int(), items: z.int(), forecast });

/** `/v1/embeddings`: how far they are, what they cost, and what is to be embedded beside the runs. */
export function embeddingRoutes(app: App, { target }: Deps): void {
  app.get("/v1/embeddings", { schema: { response: { 200: progress } } }, async () => {
    const { usage, forecast: toCome, ...rest } = await embeddingProgress(target, contents);
    return { ...rest, forecast: inDollars(toCome), usage: { ...usage, costUsd: usage.microdollars / 1e6 } };
  });

  app.post(
    "/v1/embeddings/backfill",
    { schema: { body: backfillBody, response: { 200: backfilled } } },
    async (request) => {
      const { scope = "missing", reason = null } = request.body ?? {};
      const done = await backfill(target, entities, scope, by(request, reason));
      if (done.kind === "no_vectors")
        throw new Problem(
          409,
          "no_vectors",
          "the target has no table for vectors: install pgvector and migrate again",
        );
      return { events: done.events, items: done.items, forecast: await forecastOf(target) };
    },
  );
}
