export { describeError, type ErrorFacts } from "./describe-error.ts";
export { type Log, openLog } from "./log.ts";
export { openRegistry, scrape } from "./registry.ts";
export { openJobMetrics, type TimeJob } from "./job-metrics.ts";
export { openPoolMetrics, type WatchPool } from "./pool-metrics.ts";
export { openTracing } from "./open-tracing.ts";
export { inCall, inSpan, requestTracing, type RequestSpan } from "./tracing.ts";
export { seldom } from "./seldom.ts";
