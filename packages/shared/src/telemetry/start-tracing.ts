/** OpenTelemetry's SDK, as its variables configure it. Loads it: import this only through `openTracing`. */
import { setTimeout as delay } from "node:timers/promises";
import { context, diag, DiagLogLevel, propagation, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { setGlobalErrorHandler, W3CTraceContextPropagator } from "@opentelemetry/core";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import {
  defaultResource,
  detectResources,
  envDetector,
  type Resource,
  resourceFromAttributes,
} from "@opentelemetry/resources";
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { reducing } from "./exported-span.ts";
import type { Log } from "./log.ts";
import { spansOf } from "./spans.ts";
import type { Tracing } from "./tracing.ts";

/** Milliseconds that the collector has for the last spans: what it has not taken by then is lost, and the process ends. */
const LAST_WORD_MS = 2_000;

/** Sampler, limits, endpoint and headers are those of the SDK's own variables. Opens no socket before the first span has ended. */
export function startTracing(
  service: string,
  log: Log,
): { tracing: Tracing; close: () => Promise<void> } {
  tellTroubles(log);
  const provider = new BasicTracerProvider({
    resource: resourceOf(service),
    spanProcessors: [reducing(new BatchSpanProcessor(new OTLPTraceExporter()))],
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  // No baggage: whoever calls us could put anything into it.
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(provider);
  return {
    tracing: spansOf(trace.getTracer("smile-nexus-migration")),
    close: () => close(provider, log),
  };
}

/** The name of the service, unless `OTEL_SERVICE_NAME` or `OTEL_RESOURCE_ATTRIBUTES` say otherwise. Nothing of the machine. */
function resourceOf(service: string): Resource {
  return defaultResource()
    .merge(resourceFromAttributes({ "service.name": `nexus-${service}` }))
    .merge(detectResources({ detectors: [envDetector] }));
}

function tellTroubles(log: Log): void {
  const tell = (reason: string): void => log.warn({ reason }, "OpenTelemetry has a remark");
  const silent = (): void => undefined;
  const logger = { error: tell, warn: tell, info: silent, debug: silent, verbose: silent };
  diag.setLogger(logger, DiagLogLevel.WARN);
  setGlobalErrorHandler((err) => log.warn({ err }, "spans were not taken by the collector"));
}

async function close(provider: BasicTracerProvider, log: Log): Promise<void> {
  const late = new AbortController();
  const timeout = delay(LAST_WORD_MS, "late", { signal: late.signal });
  const end = await Promise.race([provider.shutdown(), timeout]).finally(() => late.abort());
  if (end === "late") log.warn("the collector has not taken the last spans in time");
}
