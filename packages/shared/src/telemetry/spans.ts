/** Spans as OpenTelemetry makes them. Loads its API: import this only through `openTracing`. */
import {
  type Context,
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from "@opentelemetry/api";
import { BullMQOtel } from "bullmq-otel";
import { describeError } from "./describe-error.ts";
import type { RequestSpan, Step, Tracing } from "./tracing.ts";

/** Where BullMQ's spans come from. */
export const QUEUE_TRACER = "bullmq";

/** What makes spans, once the SDK is registered. */
export function spansOf(tracer: Tracer): Tracing {
  return {
    inSpan: async (step, work) => {
      const parent = parentOf(step);
      const span = open(tracer, step, SpanKind.INTERNAL, parent);
      if (span === undefined) return await work();
      return await ended(span, () => context.with(trace.setSpan(parent, span), work));
    },
    inCall: async (step, work) => {
      const span = open(tracer, step, SpanKind.CLIENT, parentOf(step));
      return span === undefined ? await work() : await ended(span, work);
    },
    note: (facts) => void trace.getActiveSpan()?.setAttributes({ ...facts }),
    traceContext: () => {
      const carrier: { traceparent?: string } = {};
      propagation.inject(context.active(), carrier);
      return carrier.traceparent ?? null;
    },
    openRequest: (method, traceparent) => openRequest(tracer, method, traceparent),
    queue: new BullMQOtel({ tracerName: QUEUE_TRACER }),
  };
}

function parentOf({ under }: Step): Context {
  if (under === undefined) return context.active();
  return under === null ? ROOT_CONTEXT : stored(under);
}

/** Only the ids: a tracestate is whatever somebody else has put into it. */
function stored(traceparent: string | undefined): Context {
  return propagation.extract(ROOT_CONTEXT, { traceparent });
}

function open(tracer: Tracer, step: Step, kind: SpanKind, parent: Context): Span | undefined {
  if (trace.getSpanContext(parent) === undefined) return undefined;
  return tracer.startSpan(step.name, { kind, attributes: { ...step.facts } }, parent);
}

async function ended<T>(span: Span, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { code, name } = describeError(error);
    span.setStatus({ code: SpanStatusCode.ERROR }).setAttribute("error.type", code ?? name);
    throw error;
  } finally {
    span.end();
  }
}

function openRequest(tracer: Tracer, method: string, traceparent: string | undefined): RequestSpan {
  const parent = stored(traceparent);
  const attributes = { "http.request.method": method };
  const span = tracer.startSpan(method, { kind: SpanKind.SERVER, attributes }, parent);
  const inside = trace.setSpan(parent, span);
  return {
    enter: (proceed) => context.with(inside, proceed),
    end: (route, status) => {
      span.updateName(`${method} ${route}`);
      span.setAttributes({ "http.route": route, "http.response.status_code": status });
      if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    },
  };
}
