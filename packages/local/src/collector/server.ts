/** A stand-in for an OpenTelemetry collector on loopback: OTLP over HTTP with protobuf, as every collector takes it on port 4318. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { listen } from "../stand-in/listen.ts";
import { type ReceivedSpan, spansIn } from "./received-span.ts";

export interface CollectorServer {
  /** For `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  readonly url: string;
  /** Every span that came. */
  spans(): readonly ReceivedSpan[];
  /** Everything that came, byte by byte: headers and bodies. */
  bytes(): Buffer;
  /** Cuts all connections. */
  close(): Promise<void>;
}

/** Starts the stand-in on a free port. */
export async function startCollector(): Promise<CollectorServer> {
  const bodies: Buffer[] = [];
  const received: Buffer[] = [];
  const { port, close } = await listen(0, (request, response) => {
    void take(request, response, (body) => {
      received.push(Buffer.from(JSON.stringify(request.headers)), body);
      bodies.push(body);
    });
  });
  return {
    url: `http://127.0.0.1:${port}`,
    spans: () => bodies.flatMap(spansIn),
    bytes: () => Buffer.concat(received),
    close,
  };
}

async function take(
  request: IncomingMessage,
  response: ServerResponse,
  keep: (body: Buffer) => void,
): Promise<void> {
  const { method, url, headers } = request;
  if (method !== "POST" || url !== "/v1/traces") return void response.writeHead(404).end();
  if (
    headers["content-type"] !== "application/x-protobuf" ||
    headers["content-encoding"] !== undefined
  )
    return void response.writeHead(415).end();
  try {
    keep(await buffer(request));
    // An ExportTraceServiceResponse that says nothing: everything was taken.
    response.writeHead(200, { "content-type": "application/x-protobuf" }).end();
  } catch {
    response.destroy(); // The caller has gone.
  }
}
