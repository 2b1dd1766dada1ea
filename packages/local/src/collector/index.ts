/** A stand-in for an OpenTelemetry collector, for tests. */
export type { ReceivedSpan } from "./received-span.ts";
export { type CollectorServer, startCollector } from "./server.ts";
