/** The loader's metrics, all of them. */
import { entities } from "@nexus/catalog";
import { loadQueueName } from "@nexus/shared/queue";
import { openJobMetrics, openPoolMetrics, openRegistry, scrape } from "@nexus/shared/telemetry";

/** A registry of its own, with everything at 0. */
export function openMetrics() {
  const register = openRegistry();
  const queues = entities.map(({ name }) => loadQueueName(name));
  return {
    scrape: () => scrape(register),
    watchPool: openPoolMetrics(register, ["legacy", "target"]),
    timeJob: openJobMetrics(register, queues),
  };
}
