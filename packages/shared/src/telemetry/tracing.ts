/**
 * Spans of OpenTelemetry, for those who have configured it (docs/tracing.md). For all others each of these functions does its work
 * and nothing else, and OpenTelemetry's SDK is not loaded: what makes spans is handed in by `openTracing`.
 */
import type { Telemetry } from "bullmq";

/** What a span of ours may tell: names, codes and counts, never a value of a row. */
export const FACTS = [
  "db.system.name",
  "error.type",
  "gen_ai.request.model",
  "http.request.method",
  "http.response.status_code",
  "http.route",
  "nexus.entity",
  "nexus.jobs",
  "nexus.outcome",
  "nexus.run",
  "nexus.texts",
] as const;

export type Facts = { readonly [K in (typeof FACTS)[number]]?: string | number };

/** Something that is done, to be told by a span. */
export interface Step {
  /** A constant, or one with the name of an entity or a model in it. */
  readonly name: string;
  readonly facts?: Facts;
  /** The stored `traceContext()` of what ordered it; left out: it belongs to what is under way. */
  readonly under?: string | null;
}

/** A request that is being answered. */
export interface RequestSpan {
  /** Calls `proceed` so that all that follows from it belongs to the request. */
  enter(proceed: () => void): void;
  /** `route`: the pattern, never the address. */
  end(route: string, status: number): void;
}

/** What makes spans. */
export interface Tracing {
  inSpan<T>(step: Step, work: () => Promise<T>): Promise<T>;
  inCall<T>(step: Step, work: () => Promise<T>): Promise<T>;
  note(facts: Facts): void;
  traceContext(): string | null;
  openRequest(method: string, traceparent: string | undefined): RequestSpan;
  readonly queue: Telemetry;
}

let tracing: Tracing | undefined;

/** From now on there are spans in this process. */
export function traceWith(opened: Tracing): void {
  tracing = opened;
}

/** Does `work` in a span of its own, below what ordered it. What nothing traced has ordered has no span. */
export async function inSpan<T>(step: Step, work: () => Promise<T>): Promise<T> {
  return await (tracing === undefined ? work() : tracing.inSpan(step, work));
}

/** The same for what another server does for us: nothing of ours belongs to such a span. */
export async function inCall<T>(step: Step, work: () => Promise<T>): Promise<T> {
  return await (tracing === undefined ? work() : tracing.inCall(step, work));
}

/** Tells something more of what is under way. */
export function note(facts: Facts): void {
  tracing?.note(facts);
}

/** What is under way, as a W3C traceparent: kept with what is ordered now and done later. Null where nothing is traced. */
export function traceContext(): string | null {
  return tracing?.traceContext() ?? null;
}

/** How requests are traced; undefined where they are not. */
export function requestTracing(): Tracing["openRequest"] | undefined {
  return tracing?.openRequest;
}

/** What BullMQ tells its spans to; undefined where there are none. */
export function queueTelemetry(): Telemetry | undefined {
  return tracing?.queue;
}
