/** What leaves the process: known attributes and nothing else, whoever made the span. Messages and events quote values. */
import { type Attributes, SpanKind } from "@opentelemetry/api";
import type { ReadableSpan, SpanProcessor } from "@opentelemetry/sdk-trace-base";
import { QUEUE_TRACER } from "./spans.ts";
import { FACTS } from "./tracing.ts";

/** Of BullMQ's: not its events, which hold results and the messages of errors. */
const QUEUE_FACTS = [
  "bullmq.queue.name",
  "bullmq.job.id",
  "bullmq.job.bulk.count",
  "bullmq.job.attempts.made",
];

const TOLD: ReadonlySet<string> = new Set([...FACTS, ...QUEUE_FACTS]);

/** Passes reduced spans on, and leaves out BullMQ's housekeeping: some for each job, and one for each look at an empty queue. */
export function reducing(next: SpanProcessor): SpanProcessor {
  return {
    onStart: (span, parent) => next.onStart(span, parent),
    onEnd: (span) => {
      if (!isHousekeeping(span)) next.onEnd(reduced(span));
    },
    forceFlush: () => next.forceFlush(),
    shutdown: () => next.shutdown(),
  };
}

function isHousekeeping({ kind, instrumentationScope }: ReadableSpan): boolean {
  return kind === SpanKind.INTERNAL && instrumentationScope.name === QUEUE_TRACER;
}

/** The span without messages, events, links and unknown attributes. */
function reduced(span: ReadableSpan): ReadableSpan {
  const {
    name,
    kind,
    parentSpanContext,
    startTime,
    endTime,
    duration,
    resource,
    instrumentationScope,
  } = span;
  const dropped = { droppedAttributesCount: 0, droppedEventsCount: 0, droppedLinksCount: 0 };
  return {
    name,
    kind,
    spanContext: () => span.spanContext(),
    ...(parentSpanContext === undefined ? {} : { parentSpanContext }),
    startTime,
    endTime,
    duration,
    ended: true,
    status: { code: span.status.code },
    attributes: toldOf(span.attributes),
    links: [],
    events: [],
    resource,
    instrumentationScope,
    ...dropped,
  };
}

function toldOf(attributes: Attributes): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => TOLD.has(name)));
}
