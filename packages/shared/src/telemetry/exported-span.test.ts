import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import { beforeEach, describe, expect, it } from "vitest";
import { reducing } from "./exported-span.ts";

const CANARY = "canary-2718";

describe("what leaves the process of a span", () => {
  let exporter: InMemorySpanExporter;
  let provider: BasicTracerProvider;
  beforeEach(() => {
    exporter = new InMemorySpanExporter();
    provider = new BasicTracerProvider({
      spanProcessors: [reducing(new SimpleSpanProcessor(exporter))],
    });
    return () => provider.shutdown();
  });

  it("is known attributes, and no word of an error, whoever made it", () => {
    const span = provider
      .getTracer("bullmq")
      .startSpan("process load-cases", { kind: SpanKind.CONSUMER });
    span.setAttributes({
      "bullmq.job.id": "1.cases.2.1",
      "bullmq.job.result": CANARY,
      "url.path": CANARY,
    });
    span.recordException(new Error(CANARY));
    span.addEvent("job failed", { "bullmq.job.failed.reason": CANARY });
    span.addLink({ context: span.spanContext(), attributes: { "nexus.run": CANARY } });
    span.setStatus({ code: SpanStatusCode.ERROR, message: CANARY });
    span.end();
    const [exported] = exporter.getFinishedSpans();
    expect(exported).toMatchObject({
      name: "process load-cases",
      kind: SpanKind.CONSUMER,
      status: { code: SpanStatusCode.ERROR },
      attributes: { "bullmq.job.id": "1.cases.2.1" },
      events: [],
      links: [],
    });
    expect(JSON.stringify(exported)).not.toContain(CANARY);
  });

  it("is nothing where BullMQ looks after itself", () => {
    for (const scope of ["bullmq", "ours"]) provider.getTracer(scope).startSpan("getNextJob").end();
    const scopes = exporter
      .getFinishedSpans()
      .map(({ instrumentationScope }) => instrumentationScope.name);
    expect(scopes).toEqual(["ours"]);
  });
});
