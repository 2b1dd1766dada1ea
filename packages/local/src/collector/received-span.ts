/** Spans in an ExportTraceServiceRequest of OTLP 1: opentelemetry/proto/trace/v1/trace.proto has the numbers of the fields. */
import { bytesIn, type Fields, fieldsOf, numberIn } from "./protobuf.ts";

type Attributes = Readonly<Record<string, string | number>>;

/** A span as the collector got it. Ids are hexadecimal. */
export interface ReceivedSpan {
  /** `service.name` of its resource. */
  readonly service: string;
  readonly resource: Attributes;
  readonly scope: string;
  readonly traceId: string;
  readonly spanId: string;
  /** Empty: a root. */
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: "internal" | "server" | "client" | "producer" | "consumer" | "unspecified";
  /** Nanoseconds since 1970. */
  readonly start: bigint;
  readonly end: bigint;
  readonly attributes: Attributes;
  readonly failed: boolean;
  /** Events and links that came with it. */
  readonly extras: number;
}

const KINDS = ["unspecified", "internal", "server", "client", "producer", "consumer"] as const;
const ERROR = 2n;

/** All spans of a request's body. Throws for what is none. */
export function spansIn(body: Buffer): ReceivedSpan[] {
  return messages(fieldsOf(body), 1).flatMap((resourceSpans) => {
    const resource = attributesIn(first(resourceSpans, 1), 1);
    return messages(resourceSpans, 2).flatMap((scopeSpans) => {
      const scope = textIn(first(scopeSpans, 1), 1);
      return messages(scopeSpans, 2).map((span) => spanOf(resource, scope, span));
    });
  });
}

function spanOf(resource: Attributes, scope: string, span: Fields): ReceivedSpan {
  const hex = (number: number): string => bytesIn(span, number)[0]?.toString("hex") ?? "";
  return {
    service: String(resource["service.name"]),
    resource,
    scope,
    traceId: hex(1),
    spanId: hex(2),
    parentSpanId: hex(4),
    name: textIn(span, 5),
    kind: KINDS[Number(numberIn(span, 6))] ?? "unspecified",
    start: numberIn(span, 7),
    end: numberIn(span, 8),
    attributes: attributesIn(span, 9),
    failed: numberIn(first(span, 15), 3) === ERROR,
    extras: bytesIn(span, 11).length + bytesIn(span, 13).length,
  };
}

function messages(fields: Fields, number: number): Fields[] {
  return bytesIn(fields, number).map(fieldsOf);
}

function first(fields: Fields, number: number): Fields {
  return messages(fields, number)[0] ?? new Map();
}

function textIn(fields: Fields, number: number): string {
  return bytesIn(fields, number)[0]?.toString("utf8") ?? "";
}

/** Strings and whole numbers: there are no others. */
function attributesIn(fields: Fields, number: number): Attributes {
  return Object.fromEntries(
    messages(fields, number).map((pair) => {
      const value = first(pair, 2);
      return [textIn(pair, 1), value.has(1) ? textIn(value, 1) : Number(numberIn(value, 3))];
    }),
  );
}
