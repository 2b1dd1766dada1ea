/** HTTP answers of the Knowledge API. */
import type { ServerResponse } from "node:http";

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

export function json(status: number, body: unknown): Answer {
  return { status, type: "application/json", body: JSON.stringify(body) };
}

/** An error in Dify's envelope. */
export function refusal(status: number, code: string, message: string): Answer {
  return json(status, { code, message, status });
}

/** A page of something between us and Dify. */
export function page(status: number, title: string): Answer {
  return { status, type: "text/html", body: `<html><body>${title}</body></html>` };
}

/** Writes the answer; does nothing if the caller has gone. A 204 has no body. */
export function send(response: ServerResponse, { status, type, body }: Answer): void {
  if (status === 204) response.writeHead(204).end();
  else
    response
      .writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(body) })
      .end(body);
}
