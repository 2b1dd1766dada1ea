/** `/metrics`, on a port of its own. */
import { progressOf } from "@nexus/shared/ledger";
import type { Status } from "@nexus/shared/runtime";
import type { Deps } from "./deps.ts";
import { openMetrics } from "./metrics.ts";
import { findNewestRun } from "./queries/find-run.ts";
import { checksOf } from "./routes/health.ts";

/** Metrics are read from the folded counts, so that a scrape costs the same at any size; they are answered without the target, too. */
export function statusOf(deps: Pick<Deps, "target" | "transport" | "log">): Status {
  const { target, log } = deps;
  const metrics = openMetrics();
  return {
    checks: checksOf(deps),
    metrics: async () => {
      try {
        const run = await findNewestRun(target);
        metrics.show(run, run === undefined ? [] : await progressOf(target, run.id));
        await metrics.readUsage(target);
        metrics.ledgerRead("read");
      } catch (error) {
        log.warn({ err: error }, "the ledger could not be read for metrics");
        metrics.ledgerRead("unreadable");
      }
      return { contentType: metrics.contentType, text: await metrics.text() };
    },
  };
}
