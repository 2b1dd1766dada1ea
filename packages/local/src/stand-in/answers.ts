/** HTTP answers of a stand-in. */
import type { ServerResponse } from "node:http";

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export function json(
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return { status, type: "application/json", body: JSON.stringify(body), headers };
}

/** A page of something between us and what is stood in for. */
export function page(status: number, title: string): Answer {
  return { status, type: "text/html", body: `<html><body>${title}</body></html>` };
}

/** Writes the answer; does nothing if the caller has gone. A 204 has no body. */
export function send(response: ServerResponse, { status, type, body, headers = {} }: Answer): void {
  if (status === 204) response.writeHead(204, headers).end();
  else
    response
      .writeHead(status, {
        ...headers,
        "content-type": type,
        "content-length": Buffer.byteLength(body),
      })
      .end(body);
}
