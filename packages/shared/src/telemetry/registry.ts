/** Where a process keeps its metrics. */
import { collectDefaultMetrics, Registry } from "prom-client";

/** prom-client names these gauges like counters, which `promtool check metrics` refuses. */
const MISNAMED = [
  "nodejs_active_handles_total",
  "nodejs_active_requests_total",
  "nodejs_active_resources_total",
];

/** A registry with the metrics of any Node process: CPU, memory, garbage collection, event-loop lag. */
export function openRegistry(): Registry {
  const register = new Registry();
  collectDefaultMetrics({ register });
  for (const name of MISNAMED) register.removeSingleMetric(name);
  return register;
}

/** What a scrape of `register` answers. */
export async function scrape(register: Registry): Promise<{ contentType: string; text: string }> {
  return { contentType: register.contentType, text: await register.metrics() };
}
