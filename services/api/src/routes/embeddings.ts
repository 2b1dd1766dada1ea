import { entities } from "@nexus/catalog";
import { contract } from "@nexus/contract";
import { backfill, embeddingProgress } from "@nexus/shared/ledger";
import type { Deps } from "../deps.ts";
import { contents, forecastOf, inDollars } from "../runs/forecast-embedding.ts";
import { Problem } from "../answers/problem.ts";
import { findBudget } from "../queries/find-budget.ts";
import { usageByDay } from "../queries/usage-by-day.ts";
import { by } from "../access/caller.ts";
import type { App } from "../server.ts";

/** `/v1/embeddings`: how far they are, what they cost, and what is to be embedded beside the runs. */
export function embeddingRoutes(app: App, { target }: Deps): void {
  app.get("/v1/embeddings", { schema: contract["GET /v1/embeddings"] }, async () => {
    const { usage, forecast: toCome, ...rest } = await embeddingProgress(target, contents);
    const budget = await findBudget(target);
    const used = { ...usage, costUsd: usage.microdollars / 1e6 };
    return {
      ...rest,
      forecast: inDollars(toCome),
      usage: used,
      days: await usageByDay(target),
      budget,
    };
  });

  app.post(
    "/v1/embeddings/backfill",
    { schema: contract["POST /v1/embeddings/backfill"] },
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
