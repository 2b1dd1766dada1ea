import { progressOf } from "@nexus/shared/ledger";
import type { Deps } from "../deps.ts";
import { openMetrics } from "../metrics.ts";
import { findNewestRun } from "../queries/find-run.ts";
import type { App } from "../server.ts";

/** `/metrics`: read from the folded counts, so that a scrape costs the same at any size. Answers without the target, too. */
export function metricsRoute(app: App, { target, log }: Deps): void {
  const metrics = openMetrics();

  app.get("/metrics", async (_request, reply) => {
    try {
      const run = await findNewestRun(target);
      metrics.show(run, run === undefined ? [] : await progressOf(target, run.id));
      await metrics.readUsage(target);
      metrics.ledgerRead("read");
    } catch (error) {
      log.warn({ err: error }, "the ledger could not be read for metrics");
      metrics.ledgerRead("unreadable");
    }
    return await reply.type(metrics.contentType).send(await metrics.text());
  });
}
